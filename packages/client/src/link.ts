import type { Backoff } from './backoff.ts';
import type { Connection } from './connection.ts';
import type { Timer, Timers } from './timers.ts';

/** What a link needs. */
export interface LinkOptions {
  /** Makes a connection; rejects when the signal fires. */
  readonly open: (signal: AbortSignal) => Promise<Connection>;
  readonly backoff: Backoff;
  readonly timers: Timers;
  readonly onUp: (connection: Connection) => void;
  /** An attempt has failed; the next one is under way by itself. */
  readonly onFailed: (error: Error) => void;
}

/** One place in the pool: keeps one connection open, and opens another one whenever it is lost. */
export class Link {
  readonly #options: LinkOptions;
  readonly #stop = new AbortController();
  #connection: Connection | undefined;
  #timer: Timer | undefined;

  /** @param options how to open, when to try again, whom to tell */
  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** The connection that takes requests now, if there is one. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Opens the connection; rejects if that fails and does not try again. */
  async start(): Promise<void> {
    const connection = await this.#options.open(this.#stop.signal);
    this.#connection = connection;
    this.#options.backoff.reset();
    this.#options.onUp(connection);
  }

  /** Opens the connection after a wait, and again until it succeeds. */
  startLater(): void {
    if (this.#stop.signal.aborted) return;
    this.#timer = this.#options.timers.after(this.#options.backoff.next(), () => void this.#attempt());
  }

  /** Lets go of the connection, which is lost or leaving, and opens another one. */
  replace(): void {
    this.#connection = undefined;
    this.startLater();
  }

  /** Opens nothing more, and breaks off an attempt under way. */
  stop(): void {
    this.#timer?.cancel();
    this.#stop.abort();
  }

  async #attempt(): Promise<void> {
    try {
      await this.start();
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.startLater();
      this.#options.onFailed(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
