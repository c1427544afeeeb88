import type { WorkOptions } from '../database.ts';
import { DaoError } from '../errors.ts';

/** The time that a call has for all its attempts together. */
export class Deadline {
  readonly #endsAt: number;
  readonly #signal: AbortSignal | undefined;

  /** @throws {DaoError} `ERR_DAO_INPUT`: a time that is no time */
  constructor({ timeoutMs, signal }: WorkOptions, defaultTimeoutMs: number) {
    const time = timeoutMs ?? defaultTimeoutMs;
    if (!(time >= 0)) throw new DaoError('ERR_DAO_INPUT', 'timeoutMs must not be negative');
    this.#endsAt = performance.now() + time;
    this.#signal = signal;
  }

  /** @returns the options of an attempt, with the time that is left. @throws {DaoError} `ERR_DAO_TIMEOUT`: none is */
  rest<Options extends WorkOptions>(options: Options): Options & { readonly timeoutMs: number } {
    const timeoutMs = this.#endsAt - performance.now();
    if (timeoutMs <= 0 || this.#signal?.aborted === true) throw new DaoError('ERR_DAO_TIMEOUT', 'database work was given up: time is up');
    return { ...options, timeoutMs };
  }
}
