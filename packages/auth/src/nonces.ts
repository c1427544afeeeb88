import type { Clock } from './clock.ts';
import { AuthError } from './errors.ts';

/** Remembers what may be used once. */
export interface NonceStore {
  /**
   * Uses a name up; of several calls at once with the same name one is the first.
   *
   * @param goodForMs how long it has to be remembered, milliseconds: longer is harmless, shorter is not
   * @returns whether this was the first use
   * @throws {AuthError} `ERR_AUTH_LIMITED`: no room to remember one more, or what remembers cannot be reached
   */
  useOnce(name: string, goodForMs: number): Promise<boolean>;
}

/** Bounds of {@link MemoryNonces}. */
export interface MemoryNoncesOptions {
  /** The longest that any name is good for, milliseconds. */
  readonly maxGoodForMs: number;
  /** Most names remembered at a time. */
  readonly maxNonces: number;
  readonly clock?: Clock;
}

/**
 * Remembers in this process, for one to two times as long as anything can be good. When it is full it refuses rather than forget.
 * O(1), no timers.
 */
export class MemoryNonces implements NonceStore {
  readonly #generationMs: number;
  readonly #maxNonces: number;
  readonly #clock: Clock;
  #young = new Set<string>();
  #old = new Set<string>();
  #turnedAt: number;

  constructor({ maxGoodForMs, maxNonces, clock = Date }: MemoryNoncesOptions) {
    this.#generationMs = maxGoodForMs;
    this.#maxNonces = maxNonces;
    this.#clock = clock;
    this.#turnedAt = clock.now();
  }

  async useOnce(name: string): Promise<boolean> {
    this.#turnIfDue(this.#clock.now());
    if (this.#young.has(name) || this.#old.has(name)) return false;
    if (this.#young.size + this.#old.size >= this.#maxNonces) throw new AuthError('ERR_AUTH_LIMITED', 'too many handshakes');
    this.#young.add(name);
    return true;
  }

  /** Sets are dropped whole: to delete from the front of one and look for its first again is O(n) in V8. */
  #turnIfDue(now: number): void {
    const age = now - this.#turnedAt;
    if (age <= this.#generationMs) return;
    this.#old = age > 2 * this.#generationMs ? new Set() : this.#young;
    this.#young = new Set();
    this.#turnedAt = now;
  }
}

/**
 * Asks one store after the other: a name is used for the first time if all of them say so. The nearest comes first, since what it knows
 * spares the others.
 */
export function everyNonceStore(first: NonceStore, ...others: readonly NonceStore[]): NonceStore {
  return {
    async useOnce(name, goodForMs) {
      for (const store of [first, ...others]) if (!(await store.useOnce(name, goodForMs))) return false;
      return true;
    },
  };
}
