import type { TraceContext } from '@midgard/codec';
import { ClientError } from './client-error.ts';
import type { Timer, Timers } from './timers.ts';

/** What the caller may say about one request. */
export interface CallOptions {
  /** Milliseconds until it is given up, waiting for a free place included (default: the client's `requestTimeoutMs`). */
  readonly timeoutMs?: number;
  /** Gives it up; the server may execute it all the same. */
  readonly signal?: AbortSignal;
  /** Joins the request to a trace. */
  readonly trace?: TraceContext;
}

/** What goes into the frame of one request. */
export interface ExchangeRequest {
  readonly game: number;
  readonly operation: number;
  readonly priority: 0 | 1 | 2;
  /** Encoded, not yet compressed. */
  readonly payload: Buffer;
  readonly trace: TraceContext | undefined;
  /** Whether executing it twice does what executing it once does: a read, or a write with an idempotency key. */
  readonly isRepeatable: boolean;
}

/**
 * One request and the promise of its answer, over as many connections as it takes (two at most).
 *
 * It is settled once: by the answer, its time-out, its signal or the loss of the connection, whichever comes first.
 */
export class Exchange {
  readonly request: ExchangeRequest;
  readonly promise: Promise<unknown>;
  /** Whether it has been sent a second time. */
  wasRepeated = false;
  /** Called when time-out or signal end it; set by whoever holds it: the line it waits in, then its connection. */
  onGivenUp: (() => void) | undefined;
  readonly #onSettled: () => void;
  #isSettled = false;
  #resolve: (value: unknown) => void = () => {};
  #reject: (error: Error) => void = () => {};
  #timer: Timer | undefined;
  #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => {
    this.#giveUp(new ClientError('ERR_CLIENT_ABORTED', 'the request was aborted', this.#signal?.reason));
  };

  /**
   * @param request what goes into the frame
   * @param onSettled called once, whatever the end
   */
  constructor(request: ExchangeRequest, onSettled: () => void) {
    this.request = request;
    this.#onSettled = onSettled;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Starts its time and listens to its signal. */
  start(timers: Timers, timeoutMs: number, signal: AbortSignal | undefined): void {
    if (signal !== undefined) {
      this.#signal = signal;
      if (signal.aborted) return this.#onAbort();
      signal.addEventListener('abort', this.#onAbort, { once: true });
    }
    this.#timer = timers.after(timeoutMs, () => {
      this.#giveUp(new ClientError('ERR_CLIENT_TIMEOUT', `no answer within ${timeoutMs} ms`));
    });
  }

  /** Whether the caller has got an answer or an error. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Whether it may go out again after a connection was lost under it. */
  get mayRepeat(): boolean {
    return this.request.isRepeatable && !this.wasRepeated && !this.#isSettled;
  }

  /** Gives the caller the answer, unless it has one. */
  resolve(value: unknown): void {
    if (this.#settle()) this.#resolve(value);
  }

  /** Gives the caller an error, unless it has an answer. */
  reject(error: Error): void {
    if (this.#settle()) this.#reject(error);
  }

  #giveUp(error: ClientError): void {
    if (!this.#settle()) return;
    this.onGivenUp?.();
    this.#reject(error);
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#timer?.cancel();
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#onSettled();
    return true;
  }
}
