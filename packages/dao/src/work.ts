import { AsyncLocalStorage } from 'node:async_hooks';
import type { WorkOptions } from './database.ts';
import { DaoError } from './errors.ts';

/** How the work of a session ended; `acknowledge` tells the caller, when it is time to. */
export interface Outcome {
  readonly isDone: boolean;
  /** It was stopped from outside: the caller hears of it without waiting for anything else. */
  readonly isGivenUp: boolean;
  readonly acknowledge: () => void;
}

/** What a session works through; once ended it refuses everything. */
export interface Endable {
  end(reason: () => DaoError): void;
}

const hasEnded = (): DaoError => new DaoError('ERR_DAO_SESSION', 'the session has ended: await every call within it');

/** The longest delay of a timer; a longer one would fire at once. */
const maxTimeoutMs = 2_147_483_647;

/**
 * A read or transaction from its call to its end: it waits, runs on one executor, and may be given up on the way.
 *
 * When its time is up or its signal aborts, its executor is shut in the same turn, so that nothing can be written
 * between that moment and the rollback.
 */
export class Work<E extends Endable> {
  readonly #run: (executor: E) => Promise<() => void>;
  readonly #reject: (error: unknown) => void;
  readonly #onGivenUpWaiting: (work: Work<E>) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #askedAt = performance.now();
  readonly #endsAt: number;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;
  #executor: E | undefined;
  #settle: ((outcome: Outcome) => void) | undefined;

  /**
   * @param run the caller's work; resolves to what hands its result to the caller
   * @param onGivenUpWaiting takes it out of the queue that it waits in
   */
  constructor(
    run: (executor: E) => Promise<() => void>,
    reject: (error: unknown) => void,
    onGivenUpWaiting: (work: Work<E>) => void,
    { signal, timeoutMs = 0 }: WorkOptions,
  ) {
    // It runs when its turn comes, and yet for whoever asked for it: a line of the log that it writes names that request.
    this.#run = AsyncLocalStorage.bind(run);
    this.#reject = reject;
    this.#onGivenUpWaiting = onGivenUpWaiting;
    this.#signal = signal;
    this.#endsAt = this.#askedAt + timeoutMs;
    this.#watch(timeoutMs);
  }

  /** Whether the caller was told already, so that there is nothing left to do. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Milliseconds since it was asked for. */
  get ageMs(): number {
    return performance.now() - this.#askedAt;
  }

  /** Milliseconds that are left of its time. */
  get leftMs(): number {
    return Math.max(0, this.#endsAt - performance.now());
  }

  /**
   * Runs the work; again with another executor where the first attempt is to count for nothing.
   *
   * @returns how it ended; never rejects
   */
  start(executor: E): Promise<Outcome> {
    this.#executor = executor;
    const isAgain = this.#timer === undefined;
    if (isAgain) this.#watch(this.leftMs);
    return new Promise((resolve) => {
      this.#settle = (outcome) => {
        this.#stopWatching();
        executor.end(hasEnded);
        resolve(outcome);
      };
      // Between two attempts nothing was watched.
      if (isAgain && this.#signal?.aborted === true) return this.#giveUp('aborted');
      if (isAgain && this.leftMs === 0) return this.#giveUp('time is up');
      this.#run(executor).then(
        (acknowledge) => this.#settle?.({ isDone: true, isGivenUp: false, acknowledge }),
        (error: unknown) => this.#settle?.({ isDone: false, isGivenUp: false, acknowledge: () => this.#reject(error) }),
      );
    });
  }

  /** Tells the caller that it failed, before it was started or after it ended. */
  fail(error: unknown): void {
    this.#isOver = true;
    this.#stopWatching();
    this.#reject(error);
  }

  readonly #onAbort = (): void => this.#giveUp('aborted');

  #giveUp(why: string): void {
    const error = new DaoError('ERR_DAO_TIMEOUT', `database work was given up: ${why}`, { cause: this.#signal?.reason });
    if (this.#settle === undefined) {
      this.#onGivenUpWaiting(this);
      this.fail(error);
      return;
    }
    this.#executor?.end(() => error);
    this.#settle({ isDone: false, isGivenUp: true, acknowledge: () => this.#reject(error) });
  }

  #watch(timeoutMs: number): void {
    this.#timer = setTimeout(() => this.#giveUp('time is up'), Math.min(timeoutMs, maxTimeoutMs));
    this.#signal?.addEventListener('abort', this.#onAbort);
  }

  #stopWatching(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}

/** @throws {DaoError} `ERR_DAO_TIMEOUT`: the signal was aborted before; `ERR_DAO_INPUT`: a time that is no time */
export function checkWorkOptions({ signal, timeoutMs = 0 }: WorkOptions): void {
  if (signal?.aborted === true) throw new DaoError('ERR_DAO_TIMEOUT', 'database work was given up: aborted', { cause: signal.reason });
  if (!(timeoutMs >= 0)) throw new DaoError('ERR_DAO_INPUT', 'timeoutMs must not be negative');
}
