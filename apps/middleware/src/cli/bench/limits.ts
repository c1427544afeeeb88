import type { Outcome } from './outcome.ts';

const latencies = ['mean', 'p50', 'p90', 'p95', 'p99', 'p999', 'max'] as const;

/** What a figure of a run must not be above. */
export interface Limit {
  readonly figure: (typeof latencies)[number] | 'errors';
  /** Milliseconds, or a number of errors. */
  readonly most: number;
}

const unitMs: ReadonlyMap<string, number> = new Map([
  ['us', 0.001],
  ['ms', 1],
  ['s', 1000],
]);

/** What {@link parseLimits} takes, for help and complaints. */
export const limitsHelp: string = `figures with their limits, such as p99=10ms,errors=0; latencies ${latencies.join(', ')} in us, ms or s, and errors`;

/** @returns the limits, or undefined where the text is none */
export function parseLimits(text: string): readonly Limit[] | undefined {
  const limits = text.split(',').map(parseLimit);
  return limits.every((limit) => limit !== undefined) ? limits : undefined;
}

function parseLimit(text: string): Limit | undefined {
  const [, name, digits, unit] = /^(\w+)=(\d+(?:\.\d+)?)(us|ms|s)?$/.exec(text.trim()) ?? [];
  if (name === 'errors') return unit === undefined && /^\d+$/.test(digits ?? '') ? { figure: name, most: Number(digits) } : undefined;
  const figure = latencies.find((each) => each === name);
  const factor = unitMs.get(unit ?? '');
  return figure === undefined || factor === undefined ? undefined : { figure, most: Number(digits) * factor };
}

/** @returns a line for each limit that a run is above; a latency that nothing was measured of is above any */
export function exceeded(limits: readonly Limit[], { errors, latencyMs }: Pick<Outcome, 'errors' | 'latencyMs'>): readonly string[] {
  return limits.flatMap(({ figure, most }) => {
    if (figure === 'errors') return errors > most ? [`errors ${errors} above ${most}`] : [];
    const ms = latencyMs[figure];
    if (ms === null) return [`${figure}: nothing was answered`];
    return ms > most ? [`${figure} ${ms.toFixed(3)} ms above ${most} ms`] : [];
  });
}
