import { PoolError } from '../errors.ts';
import { type Attempt, attempt } from './attempt.ts';
import { tell } from './listener.ts';
import type { Settings } from './options.ts';
import type { Timer } from './time.ts';

/** Hears of what is made. */
export interface CreationOutcome<T> {
  /** Whether the pool has this one already, so that two would borrow it. */
  isHeld(resource: T): boolean;
  created(resource: T, tookMs: number): void;
  failed(error: unknown): void;
  /** It came when it had already counted as failed. */
  createdLate(resource: T): void;
  /** The pause after a failure is over. */
  mayRetry(): void;
}

interface Creation {
  readonly controller: AbortController;
  attempt: Attempt | undefined;
}

/**
 * Makes resources, and pauses after failures. Failures during a pause do not lengthen it, so many that fail together count as one;
 * after a pause one creation at a time goes ahead until one succeeds, so that a server that comes back is not stormed.
 */
export class Creations<T extends object> {
  readonly #settings: Settings<T>;
  readonly #outcome: CreationOutcome<T>;
  readonly #underway = new Set<Creation>();
  #failures = 0;
  #lastError: unknown;
  #pause: Timer | undefined;

  constructor(settings: Settings<T>, outcome: CreationOutcome<T>) {
    this.#settings = settings;
    this.#outcome = outcome;
  }

  /** Creations that have neither succeeded nor failed. */
  get underway(): number {
    return this.#underway.size;
  }

  /** Why the last creation failed; undefined if it succeeded. */
  get lastError(): unknown {
    return this.#lastError;
  }

  /** False while it pauses. */
  get mayStart(): boolean {
    return this.#pause === undefined && (this.#failures === 0 || this.#underway.size === 0);
  }

  start(): void {
    const { create, createTimeoutMs, timers, clock, listener } = this.#settings;
    const controller = new AbortController();
    const since = clock.now();
    const creation: Creation = { controller, attempt: undefined };
    // On record before anything of the user's runs.
    this.#underway.add(creation);
    const fail = (error: unknown): void => {
      this.#underway.delete(creation);
      this.#lastError = error;
      controller.abort(error);
      this.#startPause();
      tell(() => listener.createFailed?.(error));
      this.#outcome.failed(error);
    };
    creation.attempt = attempt(() => create(controller.signal), createTimeoutMs, timers, {
      succeeded: (resource) => {
        if (this.#outcome.isHeld(resource)) return fail(new PoolError('ERR_POOL_CREATE', 'create gave a resource that the pool holds already'));
        this.#underway.delete(creation);
        this.#failures = 0;
        this.#lastError = undefined;
        this.#outcome.created(resource, clock.now() - since);
      },
      failed: fail,
      succeededLate: (resource) => {
        tell(() => listener.created?.(resource, clock.now() - since));
        this.#outcome.createdLate(resource);
      },
    });
  }

  /** Tells those under way that nobody wants them any more; they are still waited for. */
  abort(): void {
    for (const { controller } of this.#underway) controller.abort(new PoolError('ERR_POOL_CLOSED', 'the pool is closing'));
  }

  /** Counts those under way as failed. */
  giveUp(): void {
    for (const { attempt } of this.#underway) attempt?.giveUp(new PoolError('ERR_POOL_CLOSED', 'the pool is closed'));
  }

  /** Ends a pause without a retry. */
  stop(): void {
    this.#pause?.cancel();
  }

  #startPause(): void {
    if (this.#pause !== undefined) return;
    const { backoff, random, timers } = this.#settings;
    const longest = Math.min(backoff.maxMs, backoff.firstMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#pause = timers.after(longest * (1 - random() / 2), () => {
      this.#pause = undefined;
      this.#outcome.mayRetry();
    });
  }
}
