import type { Clock } from './clock.ts';
import type { Limiter } from './limiter.ts';
import { RateLimiter, type RateLimiterOptions } from './rate-limiter.ts';
import type { SharedBudget, WhenAway } from './shared-budget.ts';
import type { RateDecision } from './token-bucket.ts';

/** Set-up of {@link SharedRateLimiter}. */
export interface SharedRateLimiterOptions extends RateLimiterOptions {
  readonly budget: SharedBudget;
  /** Default `local`. */
  readonly whenAway?: WhenAway;
  /** How long what was taken here may wait before the others hear of it, milliseconds; default 100. */
  readonly reportEveryMs?: number;
  /** Hears that the budget cannot be reached, or can again; not at each call. */
  readonly onAway?: (error: unknown) => void;
  readonly onBack?: () => void;
}

const defaultReportMs = 100;
/** How long to wait where nothing is allowed because nobody can be asked. */
const awayRetryMs = 1000;

/**
 * A limit that several instances keep together, without a round trip on the way of a request: each takes from a bucket of its own, tells
 * the shared budget every `reportEveryMs` what it took, and stops a key whose budget is used up. So a key may have what all instances allow
 * it within that time beyond its budget, and never more of one instance than its own bucket holds.
 *
 * {@link takeTogether} asks first, for what is rare and dear: a log-in, a handshake.
 *
 * @example
 * ```ts
 * import { SharedRateLimiter } from '@midgard/auth';
 * import { redisBudget } from '@midgard/auth/redis';
 * import { Redis } from 'ioredis';
 *
 * const client = new Redis();
 * const rate = { perSecond: 50, burst: 100 };
 * const limiter = new SharedRateLimiter({ ...rate, budget: redisBudget({ client, name: 'player', rate }) });
 * console.log(limiter.take('player:42').allowed);
 * limiter.stop();
 * ```
 */
export class SharedRateLimiter implements Limiter, Disposable {
  readonly #own: RateLimiter;
  readonly #budget: SharedBudget;
  readonly #whenAway: WhenAway;
  readonly #reportEveryMs: number;
  readonly #clock: Clock;
  readonly #onAway: (error: unknown) => void;
  readonly #onBack: () => void;
  readonly #blockedUntil = new Map<string, number>();
  #taken = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #isAway = false;

  /** @throws {AuthError} `ERR_AUTH_OPTIONS`: as of {@link RateLimiter} */
  constructor(options: SharedRateLimiterOptions) {
    const { budget, whenAway = 'local', reportEveryMs = defaultReportMs, onAway = () => undefined, onBack = () => undefined, clock = Date } = options;
    this.#own = new RateLimiter(options);
    this.#budget = budget;
    this.#whenAway = whenAway;
    this.#reportEveryMs = reportEveryMs;
    this.#clock = clock;
    this.#onAway = onAway;
    this.#onBack = onBack;
  }

  /** Takes one if it may. O(1); nobody is asked. */
  take(key: string): RateDecision {
    const refused = this.#refusal(key);
    // While all are refused, one of those who ask finds out when that ends.
    if (refused !== undefined && this.#isAway && this.#taken.size === 0) this.#note(key);
    if (refused !== undefined) return refused;
    const decision = this.#own.take(key);
    if (!decision.allowed) return decision;
    this.#note(key);
    return decision;
  }

  remaining(key: string): number {
    return this.#refusal(key) === undefined ? this.#own.remaining(key) : 0;
  }

  /** Takes one if all instances together may; one round trip. */
  async takeTogether(key: string): Promise<RateDecision> {
    const decision = this.#own.take(key);
    if (!decision.allowed) return decision;
    // What it says of this one counts: the refusal of another, asked at the same time, may have come in before this goes on.
    if ((await this.#ask(key, 1)) === 0) return decision;
    return this.#refusal(key) ?? decision;
  }

  /** Reports no more; what waits is forgotten. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#taken.clear();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #refusal(key: string): RateDecision | undefined {
    if (this.#isAway && this.#whenAway === 'refuse') {
      return { allowed: false, retryAfterMs: awayRetryMs };
    }
    const until = this.#blockedUntil.get(key);
    if (until === undefined) return undefined;
    const retryAfterMs = until - this.#clock.now();
    if (retryAfterMs > 0) return { allowed: false, retryAfterMs };
    this.#blockedUntil.delete(key);
    return undefined;
  }

  #note(key: string): void {
    this.#taken.set(key, (this.#taken.get(key) ?? 0) + 1);
    this.#timer ??= setTimeout(() => void this.#report(), this.#reportEveryMs).unref();
  }

  async #report(): Promise<void> {
    const taken = [...this.#taken];
    this.#timer = undefined;
    this.#taken = new Map();
    this.#forgetWhatIsOver();
    // While nobody answers, one question is enough to learn when that ends.
    await Promise.all((this.#isAway ? taken.slice(0, 1) : taken).map(([key, count]) => this.#ask(key, count)));
  }

  /** @returns as {@link SharedBudget.take}, undefined where it cannot be reached */
  async #ask(key: string, count: number): Promise<number | undefined> {
    try {
      const retryAfterMs = await this.#budget.take(key, count);
      if (retryAfterMs > 0) this.#blockedUntil.set(key, this.#clock.now() + retryAfterMs);
      if (this.#isAway) this.#onBack();
      this.#isAway = false;
      return retryAfterMs;
    } catch (error) {
      if (!this.#isAway) this.#onAway(error);
      this.#isAway = true;
      return undefined;
    }
  }

  #forgetWhatIsOver(): void {
    const now = this.#clock.now();
    for (const [key, until] of this.#blockedUntil) if (until <= now) this.#blockedUntil.delete(key);
  }
}
