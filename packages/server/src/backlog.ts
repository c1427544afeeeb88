import { MidgardError } from '@midgard/errors';

/** When a game has too much to do. */
export interface BacklogLimit {
  /** Milliseconds after which a request that is not answered is late; 10 to 60,000. */
  readonly lateMs: number;
  /** Late requests of one game up to which others are still taken on; at least 1. */
  readonly maxLate: number;
}

/** What takes half a second is felt, and a few hundred of them are no accident; a burst of thousands that is answered in time is none of it. */
export const defaultBacklogLimit: BacklogLimit = { lateMs: 500, maxLate: 256 };

/** Arrivals are told apart to a tenth of the time after which they are late. */
const steps = 10;

/**
 * The requests of one game that are not answered yet. While too many of them are late, new ones are refused at once (1005): they would only wait,
 * and those who asked would be gone when their answer comes.
 *
 * It looks at the time that requests wait, and not at their number: a fast database works off in a moment what would take a slow one a minute
 * (after CoDel, RFC 8289). O(1) a request.
 */
export class Backlog {
  readonly #limit: BacklogLimit;
  readonly #stepMs: number;
  /** Unanswered requests by the step in which they arrived, those of the last {@link steps} only: a ring. */
  readonly #recent = new Int32Array(steps);
  #step = 0;
  #open = 0;
  #late = 0;

  constructor(limit: BacklogLimit = defaultBacklogLimit) {
    this.#limit = limit;
    this.#stepMs = limit.lateMs / steps;
  }

  /** Requests that are not answered. */
  get open(): number {
    return this.#open;
  }

  /**
   * A request has arrived.
   *
   * @param nowMs by a clock that never goes back
   * @returns what {@link leave} wants to know; null: too many are late, the request is to be refused
   */
  enter(nowMs: number): number | null {
    this.#age(nowMs);
    if (this.#late > this.#limit.maxLate) return null;
    this.#open += 1;
    this.#recent[this.#step % steps] = (this.#recent[this.#step % steps] ?? 0) + 1;
    return this.#step;
  }

  /** A request was answered. @param step what {@link enter} gave */
  leave(step: number, nowMs: number): void {
    this.#age(nowMs);
    this.#open -= 1;
    if (step > this.#step - steps) this.#recent[step % steps] = (this.#recent[step % steps] ?? 0) - 1;
    else this.#late -= 1;
  }

  /** What arrived in the steps that have gone by meanwhile is late. */
  #age(nowMs: number): void {
    const step = Math.floor(nowMs / this.#stepMs);
    if (step <= this.#step) return;
    for (let gone = Math.min(step - this.#step, steps); gone > 0; gone -= 1) {
      const at = (step - gone + 1) % steps;
      this.#late += this.#recent[at] ?? 0;
      this.#recent[at] = 0;
    }
    this.#step = step;
  }
}

/** Where a request waits for its answer. */
export interface Wait {
  readonly backlog: Backlog;
  /** What {@link Backlog.leave} wants to know. */
  readonly step: number;
}

/** The backlogs of all games, by id. */
export class Backlogs {
  /** What is refused is answered with this, 1005: one for all, since its stack tells nothing, and to take it costs more than to refuse. */
  readonly refusal: MidgardError;
  readonly #limit: BacklogLimit;
  readonly #byGame = new Map<string, Backlog>();

  constructor(limit: BacklogLimit = defaultBacklogLimit) {
    this.#limit = limit;
    this.refusal = new MidgardError('overloaded', 'there is too much to do: try again later', { details: { retryAfterMs: 2 * limit.lateMs } });
  }

  /**
   * A request for a game has arrived.
   *
   * @param nowMs by a clock that never goes back
   * @returns where it waits, to leave when it is answered; null: it is refused, since too many of this game are late
   */
  enter(game: string, nowMs: number): Wait | null {
    const backlog = this.#of(game);
    const step = backlog.enter(nowMs);
    return step === null ? null : { backlog, step };
  }

  #of(game: string): Backlog {
    const known = this.#byGame.get(game);
    if (known !== undefined) return known;
    const backlog = new Backlog(this.#limit);
    this.#byGame.set(game, backlog);
    return backlog;
  }
}
