import type { CheckedStatus, Status } from './component.ts';

const ranks: Readonly<Record<CheckedStatus, number>> = { up: 0, degraded: 1, down: 2 };
const statuses: readonly CheckedStatus[] = ['up', 'degraded', 'down'];

/** How many results in a row move a status. */
export interface ThresholdOptions {
  /** Worse ones, until it falls; at least 1. */
  readonly fall: number;
  /** Better ones, until it rises; at least 1. */
  readonly rise: number;
}

/**
 * Turns results into a status that one blip does not move.
 *
 * The first result counts at once, since nothing is known before. Then the status falls to the best of the last `fall` results when all of
 * them are worse than it, and rises to the worst of the last `rise` results when all are better. O(1) a result.
 */
export class Thresholds {
  readonly #fall: number;
  readonly #rise: number;
  /** How many results in a row were at least as bad as each status. */
  readonly #atLeast: number[] = [0, 0, 0];
  /** How many results in a row were at most as bad. */
  readonly #atMost: number[] = [0, 0, 0];
  #status: Status = 'unknown';

  constructor({ fall, rise }: ThresholdOptions) {
    this.#fall = fall;
    this.#rise = rise;
  }

  get status(): Status {
    return this.#status;
  }

  /** Takes one result in. */
  add(result: CheckedStatus): Status {
    const rank = ranks[result];
    for (const other of statuses.keys()) {
      this.#atLeast[other] = rank >= other ? (this.#atLeast[other] ?? 0) + 1 : 0;
      this.#atMost[other] = rank <= other ? (this.#atMost[other] ?? 0) + 1 : 0;
    }
    this.#status = this.#status === 'unknown' ? result : (this.#fallen(ranks[this.#status]) ?? this.#risen(ranks[this.#status]) ?? this.#status);
    return this.#status;
  }

  #fallen(rank: number): CheckedStatus | undefined {
    const to = statuses.findLastIndex((_, other) => other > rank && (this.#atLeast[other] ?? 0) >= this.#fall);
    return statuses[to];
  }

  #risen(rank: number): CheckedStatus | undefined {
    return statuses.find((_, other) => other < rank && (this.#atMost[other] ?? 0) >= this.#rise);
  }
}
