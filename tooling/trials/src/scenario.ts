import type { Log, Report } from './report.ts';

/** `small`: for the tests; `full`: for the figures. */
export type Size = 'small' | 'full';

/** One thing that is done to real servers, and what is promised when it happens. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** @param rounds how often; default by size */
  readonly run: (size: Size, log?: Log, rounds?: number) => Promise<Report>;
}

/** @param plans what is done, by size */
export function scenario<Plan extends { readonly rounds: number }>(
  name: string,
  about: string,
  trial: (plan: Plan, log?: Log) => Promise<Report>,
  plans: Readonly<Record<Size, Plan>>,
): Scenario {
  return { name, about, run: (size, log, rounds) => trial({ ...plans[size], ...(rounds === undefined ? {} : { rounds }) }, log) };
}
