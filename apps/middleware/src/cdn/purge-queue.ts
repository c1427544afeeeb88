import type { Timer, Timers } from '@midgard/pool';

/** Hears how the purges go. Called at once; must not throw. */
export interface PurgeListener {
  /** The CDN took these; those that changed meanwhile, and are sent again, are not among them. */
  purged(keys: readonly string[]): void;
  /** It did not; it is told again in so many milliseconds. */
  failed(keys: readonly string[], error: unknown, retryInMs: number): void;
}

/** What {@link PurgeQueue} needs. */
export interface PurgeQueueOptions {
  /** Tells the CDN once. */
  readonly send: (keys: readonly string[], signal: AbortSignal) => Promise<void>;
  readonly listener: PurgeListener;
  readonly timers: Timers;
  /** 0 (included) to 1 (excluded). */
  readonly random?: () => number;
}

/** As many as the CDN that takes fewest takes in one request (Cloudflare: 30). */
const maxKeysPerRequest = 30;
const firstRetryMs = 1000;
const maxRetryMs = 60_000;

/**
 * Keys that the CDN is to be told of: one request at a time, each key until it was taken, later after each failure.
 *
 * A key that comes again while its request is under way is sent again: what the CDN fetched meanwhile may be the older one.
 */
export class PurgeQueue implements Disposable {
  readonly #options: PurgeQueueOptions;
  readonly #waiting = new Set<string>();
  readonly #stop = new AbortController();
  #isSending = false;
  #retry: Timer | undefined = undefined;
  #failures = 0;

  constructor(options: PurgeQueueOptions) {
    this.#options = options;
  }

  /** Keys that wait to be sent, those of a request under way not among them. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Returns at once. */
  add(keys: Iterable<string>): void {
    for (const key of keys) this.#waiting.add(key);
    void this.#send();
  }

  /** Sends no more and ends what is under way; what waits is forgotten. */
  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#retry?.cancel();
  }

  async #send(): Promise<void> {
    if (this.#isSending || this.#retry !== undefined) return;
    this.#isSending = true;
    while (this.#waiting.size > 0 && this.#retry === undefined && !this.#stop.signal.aborted) await this.#sendSome();
    this.#isSending = false;
  }

  async #sendSome(): Promise<void> {
    const { send, listener } = this.#options;
    const keys = [...this.#waiting].slice(0, maxKeysPerRequest);
    for (const key of keys) this.#waiting.delete(key);
    try {
      await send(keys, this.#stop.signal);
      this.#failures = 0;
      listener.purged(keys.filter((key) => !this.#waiting.has(key)));
    } catch (error) {
      for (const key of keys) this.#waiting.add(key);
      if (!this.#stop.signal.aborted) this.#planRetry(keys, error);
    }
  }

  #planRetry(keys: readonly string[], error: unknown): void {
    const { timers, listener, random = Math.random } = this.#options;
    const retryInMs = Math.min(firstRetryMs * 2 ** this.#failures, maxRetryMs) * (0.5 + 0.5 * random());
    this.#failures += 1;
    this.#retry = timers.after(retryInMs, () => {
      this.#retry = undefined;
      void this.#send();
    });
    listener.failed(keys, error, retryInMs);
  }
}
