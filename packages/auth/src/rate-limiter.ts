import type { Clock } from './clock.ts';
import { AuthError } from './errors.ts';
import type { Limiter } from './limiter.ts';
import { requireRate, TokenBucket, type Rate, type RateDecision } from './token-bucket.ts';

/** Set-up of {@link RateLimiter}. */
export interface RateLimiterOptions extends Rate {
  readonly clock?: Clock;
  /** Most buckets held, at least 2; default 100,000 (about 15 MB). */
  readonly maxKeys?: number;
}

/**
 * A token bucket for each key (an address, an API key, a player), in bounded memory and without timers. O(1).
 *
 * Buckets live in two generations. A bucket that nobody asked for during the time in which it fills up is full again, so it is
 * forgotten without loss when the generations turn. More than `maxKeys / 2` keys within that time turn them early, which
 * forgets the keys that were quiet longest and never one in steady use.
 */
export class RateLimiter implements Limiter {
  readonly #rate: Rate & { readonly clock: Clock };
  readonly #clock: Clock;
  readonly #keysPerGeneration: number;
  readonly #fillMs: number;
  #young = new Map<string, TokenBucket>();
  #old = new Map<string, TokenBucket>();
  #turnedAt: number;

  /** @throws {AuthError} `ERR_AUTH_OPTIONS`: `perSecond` is not above 0, `burst` is under 1, or `maxKeys` under 2 */
  constructor({ perSecond, burst, clock = Date, maxKeys = 100_000 }: RateLimiterOptions) {
    if (!(maxKeys >= 2)) throw new AuthError('ERR_AUTH_OPTIONS', 'maxKeys must be at least 2');
    this.#rate = { perSecond, burst, clock };
    requireRate(this.#rate);
    this.#clock = clock;
    this.#keysPerGeneration = Math.floor(maxKeys / 2);
    this.#fillMs = (burst / perSecond) * 1000;
    this.#turnedAt = clock.now();
  }

  /** Number of buckets held. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Takes one token of that key's bucket if there is one. */
  take(key: string): RateDecision {
    return (this.#young.get(key) ?? this.#rejuvenate(key)).take();
  }

  /** How many that key could take now. */
  remaining(key: string): number {
    return (this.#young.get(key) ?? this.#old.get(key))?.remaining ?? Math.floor(this.#rate.burst);
  }

  #rejuvenate(key: string): TokenBucket {
    this.#turnIfDue();
    const bucket = this.#old.get(key) ?? new TokenBucket(this.#rate);
    this.#old.delete(key);
    this.#young.set(key, bucket);
    return bucket;
  }

  #turnIfDue(): void {
    const now = this.#clock.now();
    const isDue = now - this.#turnedAt >= this.#fillMs || this.#young.size >= this.#keysPerGeneration;
    if (!isDue) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#turnedAt = now;
  }
}
