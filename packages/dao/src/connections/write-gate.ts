import type { Timers } from '@midgard/pool';
import { DaoError } from '../errors.ts';
import { within } from './time.ts';

/** Holds new writes back, in their order, while the writes move from one server to another. */
export class WriteGate {
  readonly #timers: Timers;
  readonly #maxWaiting: number;
  #opened: PromiseWithResolvers<void> | undefined;
  #waiting = 0;

  constructor(timers: Timers, maxWaiting: number) {
    this.#timers = timers;
    this.#maxWaiting = maxWaiting;
  }

  get isShut(): boolean {
    return this.#opened !== undefined;
  }

  shut(): void {
    this.#opened ??= Promise.withResolvers();
  }

  open(): void {
    this.#opened?.resolve();
    this.#opened = undefined;
  }

  /**
   * @returns settles when the gate opens
   * @throws {DaoError} as rejections: `ERR_DAO_UNAVAILABLE`, `ERR_DAO_OVERLOADED`, `ERR_DAO_TIMEOUT`
   */
  async pass(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    const opened = this.#opened;
    if (opened === undefined) return;
    if (this.#waiting >= this.#maxWaiting) throw new DaoError('ERR_DAO_OVERLOADED', 'too many wait while the writes move to another server');
    this.#waiting += 1;
    try {
      await within(this.#timers, timeoutMs, () => opened.promise, signal);
    } finally {
      this.#waiting -= 1;
    }
  }
}
