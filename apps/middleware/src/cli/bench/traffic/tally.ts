import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { DONE, type Outcome } from './link.ts';

/** An hour in microseconds: nothing that is waited for takes longer. */
const mostUs = 3_600_000_000;

/** A histogram of latencies in microseconds, exact to three digits (HDR; Node's own, in C). */
export function latencyHistogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: mostUs, figures: 3 });
}

/** What happened in one thread since it last told. */
export interface Counts {
  /** Of the requests that were done, in microseconds. */
  readonly latency: RecordableHistogram;
  /** Requests that were not done, by how they ended. */
  readonly errors: ReadonlyMap<Outcome, number>;
}

/** Counts how requests end, and how long they took. */
export class Tally {
  #latency = latencyHistogram();
  #errors = new Map<Outcome, number>();

  /** @param latencyMs from when it was sent, or due */
  add(outcome: Outcome, latencyMs: number): void {
    if (outcome === DONE) this.#latency.record(Math.min(mostUs, Math.max(1, Math.round(latencyMs * 1000))));
    else this.addErrors(outcome, 1);
  }

  /** @param count requests that ended in the same way without an answer */
  addErrors(outcome: Outcome, count: number): void {
    if (count > 0) this.#errors.set(outcome, (this.#errors.get(outcome) ?? 0) + count);
  }

  /** Gives what was counted, and begins anew: the histogram is the taker's, since a copy between threads shares its memory. */
  take(): Counts {
    const taken = { latency: this.#latency, errors: this.#errors };
    this.#latency = latencyHistogram();
    this.#errors = new Map();
    return taken;
  }
}
