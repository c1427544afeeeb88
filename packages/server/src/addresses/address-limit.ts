import type { RateDecision } from '@midgard/auth';

/** Limits what comes from one address. `RateLimiter` of `@midgard/auth` is one; so is what asks the other instances first. */
export interface AddressLimit {
  take(address: string): RateDecision | Promise<RateDecision>;
}
