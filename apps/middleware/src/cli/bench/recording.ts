import type { RecordableHistogram } from 'node:perf_hooks';
import type { Latency, Second } from './outcome.ts';
import { outcomeName } from './outcome-name.ts';
import type { ServerFigures } from './server-figures.ts';
import { type Counts, latencyHistogram } from './traffic/tally.ts';

const usInMs = 1000;
/** Of the distribution: finer towards the end, where the slow ones are. */
const percentiles: readonly number[] = [...range(0, 90, 5), ...range(90, 100, 1), 99.25, 99.5, 99.75, 99.9, 99.95, 99.975, 99.99, 99.995, 99.999, 100];

function range(from: number, to: number, step: number): readonly number[] {
  return Array.from({ length: Math.ceil((to - from) / step) }, (_, at) => from + at * step);
}

/** What was counted in one second, of all threads. */
class Bin {
  readonly latency: RecordableHistogram = latencyHistogram();
  errors = 0;
  reports = 0;
  server: ServerFigures | undefined;
}

/** Joins what the threads count, second by second and in all. */
export class Recording {
  readonly #threads: number;
  readonly #mostSeconds: number;
  readonly #bins: Bin[] = [];
  readonly #latency: RecordableHistogram = latencyHistogram();
  readonly #errors = new Map<string, number>();
  /** By thread, how often it told. */
  readonly #told: number[] = [];

  /** @param mostSeconds of the load; what comes later belongs to its last one */
  constructor({ threads, mostSeconds }: { readonly threads: number; readonly mostSeconds: number }) {
    this.#threads = threads;
    this.#mostSeconds = Math.max(1, Math.ceil(mostSeconds));
  }

  /** Takes the next counts of a thread. */
  add({ latency, errors }: Counts, thread: number): void {
    const told = this.#told[thread] ?? 0;
    this.#told[thread] = told + 1;
    const bin = this.#bin(told);
    bin.reports += 1;
    // An empty histogram has a lowest value too, and would lend it.
    if (latency.count > 0) for (const histogram of [bin.latency, this.#latency]) histogram.add(latency);
    for (const [outcome, count] of errors) {
      bin.errors += count;
      this.#errors.set(outcomeName(outcome), (this.#errors.get(outcomeName(outcome)) ?? 0) + count);
    }
  }

  /** How the service is now: noted for the second that is under way. */
  noteServer(figures: ServerFigures): void {
    this.#bin(this.#told[0] ?? 0).server = figures;
  }

  get answered(): number {
    return this.#latency.count;
  }

  /** By kind, the most frequent first. */
  get errorsByKind(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#errors].sort(([, a], [, b]) => b - a));
  }

  get latency(): Latency {
    return latencyOf(this.#latency);
  }

  /** @returns pairs of a percentile and its latency in milliseconds */
  get distribution(): [number, number][] {
    if (this.#latency.count === 0) return [];
    return percentiles.map((percent) => [percent, msAt(this.#latency, percent)]);
  }

  /** Those of which every thread has told. @param measuredMs so long was measured: the last second may be a part of one */
  seconds(measuredMs = this.#mostSeconds * 1000): readonly Second[] {
    const told = this.#bins.filter(({ reports }) => reports >= this.#threads);
    return told.flatMap(({ latency, errors, server }, second) => {
      const ms = Math.min(1000, measuredMs - second * 1000);
      if (ms <= 0) return [];
      return [{ second, ratePerSecond: (latency.count * 1000) / ms, errors, latencyMs: latencyOf(latency), ...(server !== undefined && { server }) }];
    });
  }

  #bin(second: number): Bin {
    const at = Math.min(second, this.#mostSeconds - 1);
    const bin = this.#bins[at] ?? new Bin();
    this.#bins[at] = bin;
    return bin;
  }
}

function latencyOf(histogram: RecordableHistogram): Latency {
  if (histogram.count === 0) return { mean: null, p50: null, p90: null, p95: null, p99: null, p999: null, max: null };
  return {
    mean: histogram.mean / usInMs,
    p50: msAt(histogram, 50),
    p90: msAt(histogram, 90),
    p95: msAt(histogram, 95),
    p99: msAt(histogram, 99),
    p999: msAt(histogram, 99.9),
    max: msAt(histogram, 100),
  };
}

function msAt(histogram: RecordableHistogram, percent: number): number {
  return (percent === 0 ? histogram.min : histogram.percentile(percent)) / usInMs;
}
