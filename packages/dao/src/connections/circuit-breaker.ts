import type { Clock } from '@midgard/pool';

/** Failures closer together have one reason, such as a process that stood still while ten pings were under way; shorter than any pause between two attempts. */
const togetherMs = 40;

/** `closed`: all goes through; `open`: nothing does; `halfOpen`: one probe is under way, nothing else goes through. */
export type BreakerState = 'closed' | 'open' | 'halfOpen';

/** Set-up of a {@link CircuitBreaker}. */
export interface CircuitBreakerOptions {
  /** Failures in a row that open it, at least 1. */
  readonly failures: number;
  readonly clock: Clock;
  /** Called after every change of the state. */
  readonly changed?: (state: BreakerState) => void;
}

/**
 * Knows whether a server can be asked at all, so that callers of a dead one hear so at once instead of waiting in vain.
 *
 * It counts failures in a row. A share of failures in a window would need many attempts to mean anything, and a pool makes few: a
 * connection lives for half an hour. Those that come together count once. Any sign of life starts the count anew, so a server that only takes no further connections stays
 * in use through those it has. Sets no timers: whoever probes calls it ({@link ServerWatch} does).
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #state: BreakerState = 'closed';
  #failures = 0;
  #countedAt = -Infinity;
  #lastError: unknown;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  get state(): BreakerState {
    return this.#state;
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** What failed last; undefined once something succeeded. */
  get lastError(): unknown {
    return this.#lastError;
  }

  /** The server did not do what was asked: connect, or answer in time. */
  failed(error: unknown): void {
    this.#lastError = error;
    if (this.#state === 'halfOpen') return this.#become('open');
    const now = this.#options.clock.now();
    if (now - this.#countedAt < togetherMs) return;
    this.#countedAt = now;
    this.#failures += 1;
    if (this.#failures >= this.#options.failures) this.#become('open');
  }

  /** The server has just answered. */
  succeeded(): void {
    this.used();
    this.#lastError = undefined;
    this.#become('closed');
  }

  /** A connection came back in working order. That was so when it was last used, perhaps long ago: it closes nothing. */
  used(): void {
    if (this.#state === 'closed') this.#failures = 0;
  }

  /** A probe begins. */
  probed(): void {
    if (this.#state === 'open') this.#become('halfOpen');
  }

  #become(state: BreakerState): void {
    if (state === 'closed') this.#failures = 0;
    if (this.#state === state) return;
    this.#state = state;
    this.#options.changed?.(state);
  }
}
