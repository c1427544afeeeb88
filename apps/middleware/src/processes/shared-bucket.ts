import type { Rate } from '@midgard/auth';

/** What one caller has of one limit; below 0 where the workers allowed more before they heard of each other. */
interface Account {
  tokens: number;
  filledAt: number;
}

/** Most that a caller can owe, as a part of the burst: what one report may bring, and no lock-out for minutes. */
const mostDebt = 1;

/**
 * One limit of all workers together: a token bucket for each caller that can be overdrawn, since workers tell what they have allowed already.
 * O(1); bounded, the callers that were quiet longest are forgotten first.
 */
export class SharedBucket {
  readonly #rate: Rate;
  readonly #maxKeys: number;
  readonly #now: () => number;
  /** The one that was quiet longest first. */
  readonly #accounts = new Map<string, Account>();

  /** @param now milliseconds */
  constructor(rate: Rate, { maxKeys = 100_000, now = Date.now }: { readonly maxKeys?: number; readonly now?: () => number } = {}) {
    this.#rate = rate;
    this.#maxKeys = maxKeys;
    this.#now = now;
  }

  /** Notes what was taken. @returns milliseconds until there is something again; 0: it was within the limit */
  take(key: string, count: number): number {
    const { perSecond, burst } = this.#rate;
    const account = this.#accountOf(key);
    const isWithin = account.tokens >= count;
    // One that only asks, and is refused, owes nothing: who hammers is let in again as soon as anybody else.
    if (isWithin || count > 1 || account.tokens > 0) account.tokens = Math.max(account.tokens - count, -mostDebt * burst);
    return isWithin ? 0 : Math.max(1, Math.ceil(((1 - account.tokens) / perSecond) * 1000));
  }

  #accountOf(key: string): Account {
    const now = this.#now();
    const account = this.#accounts.get(key) ?? { tokens: this.#rate.burst, filledAt: now };
    // A clock that goes back refills nothing.
    const passedMs = Math.max(0, now - account.filledAt);
    account.tokens = Math.min(this.#rate.burst, account.tokens + (passedMs / 1000) * this.#rate.perSecond);
    account.filledAt = now;
    this.#accounts.delete(key);
    this.#accounts.set(key, account);
    const [oldest] = this.#accounts.keys();
    if (this.#accounts.size > this.#maxKeys && oldest !== undefined) this.#accounts.delete(oldest);
    return account;
  }
}
