/** What one scenario measured, and which promises it found broken. */
export interface Report {
  /** By name; milliseconds where the name ends in `ms`. */
  readonly figures: Readonly<Record<string, number | string>>;
  /** Empty where the library did as it says. */
  readonly broken: readonly string[];
}

/** Says how far a scenario is. */
export type Log = (line: string) => void;

/** Nobody wants to know. */
export const quiet: Log = () => undefined;

/** Collects what a scenario finds out. */
export class Findings implements Report {
  readonly figures: Record<string, number | string> = {};
  readonly broken: string[] = [];

  /** Notes a figure; fractions of milliseconds are noise. */
  note(name: string, value: number | string): void {
    this.figures[name] = typeof value === 'number' ? Math.round(value) : value;
  }

  /** @param promise what holds where `isKept` */
  promise(promise: string, isKept: boolean): void {
    if (!isKept) this.broken.push(promise);
  }

  /** Notes a figure that has a bound. */
  atMost(name: string, value: number, most: number): void {
    this.note(name, value);
    this.promise(`${name}: ${Math.round(value)}, at most ${Math.round(most)}`, value <= most);
  }

  /** Notes a figure that must be exactly so. */
  exactly(name: string, value: number, wanted: number): void {
    this.note(name, value);
    this.promise(`${name}: ${value}, not ${wanted}`, value === wanted);
  }

  /** Notes a figure without which the scenario tried nothing. */
  atLeast(name: string, value: number, least: number): void {
    this.note(name, value);
    this.promise(`${name}: ${Math.round(value)}, at least ${Math.round(least)}`, value >= least);
  }
}

/** @param share 0 to 1 @returns the value that so large a share of them does not exceed; 0 of none. O(n log n) */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** @returns such as `ERR_DAO_UNAVAILABLE 12, ERR_DAO_TIMEOUT 3`; `none` */
export function tally(codes: readonly string[]): string {
  const counts = Map.groupBy(codes, (code) => code);
  return [...counts].map(([code, { length }]) => `${code} ${length}`).join(', ') || 'none';
}
