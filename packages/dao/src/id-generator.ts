import { type Clock, systemClock } from './clock.ts';
import { DaoError } from './errors.ts';

/** 2024-01-01 UTC: 41 bits of milliseconds from here last until 2093. */
const epochMs = 1_704_067_200_000;
const maxInstance = 1023;
const maxSequence = 4095;

/**
 * Makes 63-bit ids that sort by time: 41 bits of milliseconds since 2024, 10 bits of instance, 12 bits of sequence.
 *
 * Ids of one generator always rise, also when the clock goes back or when more than 4096 are asked for in a millisecond:
 * then it runs ahead of the clock. Two running processes must not share an instance number.
 *
 * @example
 * ```ts
 * import { IdGenerator } from '@midgard/dao';
 * const ids = new IdGenerator({ instance: 1 });
 * const playerId: bigint = ids.next();
 * ```
 */
export class IdGenerator {
  readonly #clock: Clock;
  readonly #instance: bigint;
  #lastMs = 0;
  #sequence = 0;

  /**
   * @param options.instance 0 to 1023, unique among the processes that write to a database
   * @throws {DaoError} `ERR_DAO_INPUT`: instance out of range
   */
  constructor({ clock = systemClock, instance }: { readonly clock?: Clock; readonly instance: number }) {
    if (!Number.isInteger(instance) || instance < 0 || instance > maxInstance)
      throw new DaoError('ERR_DAO_INPUT', `instance must be an integer from 0 to ${maxInstance}`);
    this.#clock = clock;
    this.#instance = BigInt(instance) << 12n;
  }

  /** @returns the next id, greater than every one before it; O(1), never waits */
  next(): bigint {
    const now = Math.max(0, Math.floor(this.#clock.now()) - epochMs);
    if (now > this.#lastMs) {
      this.#lastMs = now;
      this.#sequence = 0;
    } else if (this.#sequence === maxSequence) {
      this.#lastMs += 1;
      this.#sequence = 0;
    } else {
      this.#sequence += 1;
    }
    return (BigInt(this.#lastMs) << 22n) | this.#instance | BigInt(this.#sequence);
  }
}

/**
 * @param momentMs milliseconds since 1970-01-01 UTC
 * @returns the least id that is made at that moment or later: so ids can be asked for by time
 */
export function firstIdAt(momentMs: number): bigint {
  return BigInt(Math.max(0, Math.floor(momentMs) - epochMs)) << 22n;
}
