import type { Timer, Timers } from '@midgard/pool';
import type { ServerAddress, ServerConnection } from '../server/connection.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import { within } from './time.ts';

/** First pause after a failed beat; doubles up to `everyMs`. */
const firstPauseMs = 100;

/** What the owner of several servers wants to know of one of them. */
export interface ServerObserver {
  /** Asks the server more than whether it lives. @returns takes note of the answer; not called when the answer came too late */
  examine(connection: ServerConnection): Promise<() => void>;
  /** The server did not answer, or not what it was asked. */
  unknown(): void;
}

/** Set-up of a {@link ServerWatch}. */
export interface ServerWatchOptions {
  readonly address: ServerAddress;
  readonly breaker: CircuitBreaker;
  readonly observer: ServerObserver | undefined;
  /** Pause between the beats of a server that answers, and longest pause otherwise. */
  readonly everyMs: number;
  /** Time for an answer. */
  readonly answerTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly timers: Timers;
  readonly random: () => number;
}

/**
 * Asks a server for a sign of life again and again, on a connection of its own: that of a pool are all lent when they are needed most,
 * and statements that hang on a frozen server say nothing until their time is up.
 *
 * A server to which no connection can be made in `answerTimeoutMs` counts as failing, but the attempt goes on for `connectTimeoutMs`:
 * slow handshakes delay the sign of life and do not prevent it.
 */
export class ServerWatch {
  readonly #options: ServerWatchOptions;
  #isKept = false;
  #isBeating = false;
  #isStopped = false;
  #timer: Timer | undefined;
  /** A connection that is there or being made. */
  #connecting: Promise<ServerConnection> | undefined;
  #connection: ServerConnection | undefined;
  #abort = new AbortController();
  #failures = 0;
  #isAnswering = false;

  constructor(options: ServerWatchOptions) {
    this.#options = options;
  }

  /** Whether the last beat was answered. */
  get isAnswering(): boolean {
    return this.#isAnswering;
  }

  /** Beats until `stop`. */
  start(): void {
    this.#isKept = true;
    this.wake();
  }

  /** Beats at once, and at least until an answer comes. */
  wake(): void {
    if (this.#isStopped || this.#isBeating) return;
    this.#timer?.cancel();
    this.#isBeating = true;
    void this.#beat();
  }

  /** Ends the beats and their connection. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#drop();
  }

  async #beat(): Promise<void> {
    const { breaker, timers, answerTimeoutMs, observer } = this.#options;
    breaker.probed();
    try {
      const connection = await within(timers, answerTimeoutMs, () => this.#answer());
      if (this.#isStopped) return;
      this.#isAnswering = true;
      this.#failures = 0;
      breaker.succeeded();
      if (observer !== undefined) await this.#examine(observer, connection);
    } catch (error) {
      if (this.#isStopped) return;
      this.#isAnswering = false;
      this.#failures += 1;
      // What hangs while it connects may yet come.
      if (this.#connection !== undefined) this.#drop();
      breaker.failed(error);
      observer?.unknown();
    }
    this.#isBeating = false;
    this.#plan();
  }

  async #examine(observer: ServerObserver, connection: ServerConnection): Promise<void> {
    try {
      const note = await within(this.#options.timers, this.#options.answerTimeoutMs, () => observer.examine(connection));
      if (!this.#isStopped) note();
    } catch {
      // It lives, so that this is no matter of the breaker: statements about replication may hang where others do not.
      this.#drop();
      if (!this.#isStopped) observer.unknown();
    }
  }

  #plan(): void {
    const { everyMs, random, timers } = this.#options;
    if (this.#isStopped) return;
    if (this.#failures === 0 && !this.#isKept) return this.#drop();
    const longest = this.#failures === 0 ? everyMs : Math.min(everyMs, firstPauseMs * 2 ** (this.#failures - 1));
    // Drawn, so that many processes do not ask a server that comes back at the same moment.
    this.#timer = timers.after(this.#failures === 0 ? longest : longest * (1 - random() / 2), () => this.wake());
  }

  async #answer(): Promise<ServerConnection> {
    if (this.#connection?.isBroken === true) this.#drop();
    this.#connecting ??= this.#connect();
    const connection = await this.#connecting;
    await connection.ping();
    return connection;
  }

  async #connect(): Promise<ServerConnection> {
    const { address, connectTimeoutMs, timers } = this.#options;
    const abort = new AbortController();
    this.#abort = abort;
    const made = within(timers, connectTimeoutMs, () =>
      address.connect(abort.signal).then((connection) => {
        if (!abort.signal.aborted) return connection;
        connection.destroy();
        throw abort.signal.reason;
      }),
    );
    try {
      this.#connection = await made;
      return this.#connection;
    } catch (error) {
      abort.abort(error);
      if (this.#abort === abort) this.#connecting = undefined;
      throw error;
    }
  }

  #drop(): void {
    this.#abort.abort();
    this.#connection?.destroy();
    this.#connection = undefined;
    this.#connecting = undefined;
  }
}
