import { BoundedMap } from './bounded-map.ts';
import type { Clock } from './clock.ts';
import { AuthError } from './errors.ts';

/** Set-up of {@link LoginThrottle}. */
export interface LoginThrottleOptions {
  /** Wrong passwords in a row before anybody has to wait; default 5. */
  readonly freeAttempts?: number;
  /** The first wait, milliseconds; each one after it is twice as long. Default 1000. */
  readonly firstWaitMs?: number;
  /** The longest wait, milliseconds; default 15 minutes. After twice as long without an attempt all is forgotten. */
  readonly maxWaitMs?: number;
  /** Names and places remembered at most; default 100,000 (about 20 MB). */
  readonly maxEntries?: number;
  readonly clock?: Clock;
}

interface Failures {
  readonly inARow: number;
  readonly lastAt: number;
}

/**
 * Makes guessing a password slow, whether or not there is such an account (OWASP ASVS 5 §6.3.1, NIST SP 800-63B §3.2.2): after some wrong
 * ones in a row an account waits, each time twice as long.
 *
 * Whoever would lock somebody out by wrong passwords fails (ASVS 5 §6.1.1): a place from which the account was logged in to before is
 * counted by itself, so that strangers make only strangers wait.
 *
 * @example
 * ```ts
 * import { LoginThrottle } from '@midgard/auth';
 *
 * const throttle = new LoginThrottle();
 * const login = { name: 'mira', from: '192.0.2.7' };
 * if (throttle.waitMs(login) === 0) throttle.failed(login);
 * ```
 */
export class LoginThrottle {
  readonly #freeAttempts: number;
  readonly #firstWaitMs: number;
  readonly #maxWaitMs: number;
  readonly #clock: Clock;
  readonly #failures: BoundedMap<Failures>;
  /** Places from which accounts were logged in to. */
  readonly #known: BoundedMap<true>;

  /** @throws {AuthError} `ERR_AUTH_OPTIONS`: a number is not positive */
  constructor({ freeAttempts = 5, firstWaitMs = 1000, maxWaitMs = 900_000, maxEntries = 100_000, clock = Date }: LoginThrottleOptions = {}) {
    for (const [name, value] of Object.entries({ freeAttempts, firstWaitMs, maxWaitMs, maxEntries })) {
      if (!(value > 0)) throw new AuthError('ERR_AUTH_OPTIONS', `${name} must be above 0`);
    }
    this.#freeAttempts = freeAttempts;
    this.#firstWaitMs = firstWaitMs;
    this.#maxWaitMs = maxWaitMs;
    this.#clock = clock;
    this.#failures = new BoundedMap(maxEntries);
    this.#known = new BoundedMap(maxEntries);
  }

  /** Milliseconds until the next attempt is looked at; 0: now. */
  waitMs(login: LoginAttempt): number {
    const failures = this.#of(login);
    if (failures === undefined || failures.inARow < this.#freeAttempts) return 0;
    const waitMs = Math.min(this.#firstWaitMs * 2 ** (failures.inARow - this.#freeAttempts), this.#maxWaitMs);
    return Math.max(0, failures.lastAt + waitMs - this.#clock.now());
  }

  /** The password was wrong, or there is no such account. */
  failed(login: LoginAttempt): void {
    const inARow = (this.#of(login)?.inARow ?? 0) + 1;
    const key = this.#keyOf(login);
    // Anew, so that who fails now is forgotten last.
    this.#failures.delete(key);
    this.#failures.set(key, { inARow, lastAt: this.#clock.now() });
  }

  /**
   * What was counted as a wrong password was looked at by nobody, because a database was away for example. Who counts an attempt as
   * {@link failed} before it is looked at, so that many at once are not all free, takes it back with this.
   */
  withdrawn(login: LoginAttempt): void {
    const failures = this.#of(login);
    if (failures !== undefined) this.#failures.set(this.#keyOf(login), { ...failures, inARow: failures.inARow - 1 });
  }

  /** The password was right. */
  succeeded(login: LoginAttempt): void {
    this.#failures.delete(this.#keyOf(login));
    this.#known.set(placeOf(login), true);
  }

  #of(login: LoginAttempt): Failures | undefined {
    const failures = this.#failures.get(this.#keyOf(login));
    const isOld = failures !== undefined && this.#clock.now() - failures.lastAt > 2 * this.#maxWaitMs;
    return isOld ? undefined : failures;
  }

  #keyOf(login: LoginAttempt): string {
    const place = placeOf(login);
    return this.#known.get(place) === undefined ? JSON.stringify([login.name]) : place;
  }
}

/** Who tries to log in, and from where. */
export interface LoginAttempt {
  /** The account, of whatever form it is; the same one written otherwise is another. */
  readonly name: string;
  /** An address or the like; `''` where it is not known, which is one place then. */
  readonly from: string;
}

function placeOf({ name, from }: LoginAttempt): string {
  return JSON.stringify([name, from]);
}
