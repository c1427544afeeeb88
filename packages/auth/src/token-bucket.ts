import type { Clock } from './clock.ts';
import { AuthError } from './errors.ts';

/** How much is allowed: `burst` at once, `perSecond` on average. */
export interface Rate {
  /** Above 0. */
  readonly perSecond: number;
  /** At least 1. */
  readonly burst: number;
}

/** The answer of a limiter. */
export interface RateDecision {
  readonly allowed: boolean;
  /** Whole milliseconds until the next one can be allowed; 0 if this one is. */
  readonly retryAfterMs: number;
}

const allowed: RateDecision = Object.freeze({ allowed: true, retryAfterMs: 0 });
/** Sums of fractions come out a hair under the whole number that they stand for. */
const roundingError = 1e-9;

/**
 * One token bucket. Refilled by the clock when it is asked, so it needs no timer. O(1); allocates only when it refuses.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: number;

  /** @throws {AuthError} `ERR_AUTH_OPTIONS`: `perSecond` is not above 0 or `burst` is under 1 */
  constructor({ perSecond, burst, clock = Date }: Rate & { readonly clock?: Clock }) {
    requireRate({ perSecond, burst });
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#clock = clock;
    this.#tokens = burst;
    this.#filledAt = clock.now();
  }

  /** Whole tokens that are there now. */
  get remaining(): number {
    this.#refill();
    return Math.floor(this.#tokens + roundingError);
  }

  /** Takes one token if there is one. */
  take(): RateDecision {
    this.#refill();
    if (this.#tokens + roundingError < 1) return { allowed: false, retryAfterMs: Math.ceil((1 - roundingError - this.#tokens) / this.#perMs) };
    this.#tokens -= 1;
    return allowed;
  }

  #refill(): void {
    const now = this.#clock.now();
    // A clock that goes back refills nothing, and refills again from where it now stands.
    if (now > this.#filledAt) this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#filledAt) * this.#perMs);
    this.#filledAt = now;
  }
}

/** @throws {AuthError} `ERR_AUTH_OPTIONS`: `perSecond` is not above 0 or `burst` is under 1 */
export function requireRate({ perSecond, burst }: Rate): void {
  if (!(perSecond > 0 && burst >= 1)) throw new AuthError('ERR_AUTH_OPTIONS', 'perSecond must be above 0 and burst at least 1');
}
