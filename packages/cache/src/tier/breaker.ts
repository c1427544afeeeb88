import type { Clock } from '../clock.ts';
import { CacheError } from '../errors.ts';
import type { LeaseAnswer, LeasedValue, LeaseRequest, NewestValue, Tier, TierRecord } from './tier.ts';

/**
 * - `closed`: calls go through
 * - `open`: calls fail at once
 * - `probing`: one call has been let through, and decides
 */
export type BreakerState = 'closed' | 'open' | 'probing';

/** How a breaker is set up. */
export interface BreakerOptions {
  /** Failures in a row that open it. Default 5. */
  readonly failures?: number;
  /** Milliseconds after which an open one lets a call through to see. Default 1000. */
  readonly probeMs?: number;
  /** Default: `Date`. */
  readonly clock?: Clock;
  /** Hears of each change of state; `error` is what opened it. */
  readonly onChange?: (state: BreakerState, error: unknown) => void;
}

/**
 * Spares the callers of a tier that fails the wait for its failing: after some failures in a row every call rejects at once with
 * `ERR_CACHE_TIER_SPARED`, but one now and then that sees whether the tier is well again.
 *
 * Only `ERR_CACHE_TIER` counts as a failure; any other error says that the call was wrong. `release` and `close` always go
 * through: nobody waits for the one, and the other is the end.
 *
 * @throws {CacheError} `ERR_CACHE_OPTIONS`: a number is not positive
 *
 * @example
 * ```ts
 * import { MemoryTier, withBreaker } from '@midgard/cache';
 *
 * const tier = withBreaker(new MemoryTier(), { failures: 3, onChange: (state) => console.log(`the tier is ${state}`) });
 * console.log(tier.state); // closed
 * ```
 */
export function withBreaker(tier: Tier, options: BreakerOptions = {}): BreakerTier {
  return new BreakerTier(tier, options);
}

/** What {@link withBreaker} makes. */
export class BreakerTier implements Tier {
  readonly #tier: Tier;
  readonly #failures: number;
  readonly #probeMs: number;
  readonly #clock: Clock;
  readonly #onChange: (state: BreakerState, error: unknown) => void;
  #state: BreakerState = 'closed';
  #failedInARow = 0;
  #openedAt = 0;
  #lastError: unknown;
  #isHeld = false;

  /** Use {@link withBreaker}. */
  constructor(tier: Tier, { failures = 5, probeMs = 1000, clock = Date, onChange = () => undefined }: BreakerOptions) {
    for (const [name, value] of Object.entries({ failures, probeMs })) {
      if (!(value > 0)) throw new CacheError('ERR_CACHE_OPTIONS', `${name} must be a positive number, not ${value}`);
    }
    this.#tier = tier;
    this.#failures = failures;
    this.#probeMs = probeMs;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** As of the last call: an open one turns to probing only when somebody calls. */
  get state(): BreakerState {
    return this.#state;
  }

  /** Opens it until {@link endHold}, however the tier answers: for one that is slow, or wrong, rather than dead. */
  hold(): void {
    this.#isHeld = true;
    if (this.#state !== 'open') this.#turn('open');
  }

  /** Ends {@link hold}: the next call sees whether the tier is well. Without one nothing changes. */
  endHold(): void {
    if (this.#isHeld) this.#openedAt = -Infinity;
    this.#isHeld = false;
  }

  /** Of the tier. */
  get maxClockSkewMs(): number {
    return this.#tier.maxClockSkewMs;
  }

  read(keys: readonly string[]): Promise<readonly (TierRecord | undefined)[]> {
    return this.#guard(() => this.#tier.read(keys));
  }

  lease(requests: readonly LeaseRequest[], leaseMs: number): Promise<readonly LeaseAnswer[]> {
    return this.#guard(() => this.#tier.lease(requests, leaseMs));
  }

  store(values: readonly LeasedValue[]): Promise<readonly (number | undefined)[]> {
    return this.#guard(() => this.#tier.store(values));
  }

  release(leases: readonly { readonly key: string; readonly version: number }[]): Promise<void> {
    return this.#tier.release(leases);
  }

  put(values: readonly NewestValue[]): Promise<readonly number[]> {
    return this.#guard(() => this.#tier.put(values));
  }

  invalidate(keys: readonly string[], rememberMs?: number): Promise<readonly number[]> {
    return this.#guard(() => this.#tier.invalidate(keys, rememberMs));
  }

  versions(keys: readonly string[]): Promise<readonly number[]> {
    return this.#guard(() => this.#tier.versions(keys));
  }

  close(): Promise<void> {
    return this.#tier.close();
  }

  async #guard<T>(call: () => Promise<T>): Promise<T> {
    const isProbe = this.#state === 'open' && !this.#isHeld && this.#clock.now() - this.#openedAt >= this.#probeMs;
    if (this.#state !== 'closed' && !isProbe) {
      throw new CacheError('ERR_CACHE_TIER_SPARED', 'the tier is not asked for a while', { cause: this.#lastError });
    }
    if (isProbe) this.#turn('probing');
    try {
      const answer = await call();
      this.#succeeded(isProbe);
      return answer;
    } catch (error) {
      this.#failed(error, isProbe);
      throw error;
    }
  }

  /** What was called before it opened says nothing of how the tier is now. */
  #succeeded(isProbe: boolean): void {
    if (this.#isHeld || (this.#state !== 'closed' && !isProbe)) return;
    this.#failedInARow = 0;
    if (isProbe) this.#turn('closed');
  }

  #failed(error: unknown, isProbe: boolean): void {
    const isTier = error instanceof CacheError && error.code === 'ERR_CACHE_TIER';
    if (!isTier) {
      this.#succeeded(isProbe);
      return;
    }
    if (this.#isHeld || (this.#state !== 'closed' && !isProbe)) return;
    this.#failedInARow += 1;
    if (!isProbe && this.#failedInARow < this.#failures) return;
    this.#lastError = error;
    this.#openedAt = this.#clock.now();
    this.#turn('open');
  }

  #turn(state: BreakerState): void {
    this.#state = state;
    this.#onChange(state, state === 'closed' ? undefined : this.#lastError);
  }
}
