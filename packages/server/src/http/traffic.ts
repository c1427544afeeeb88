import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ServerMetrics } from '../metrics.ts';

/** RFC 9110 and RFC 5789: whatever else a client writes there is told of as `other`, or it could make up series without end. */
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE']);

/** An answer that was made. */
export interface MadeAnswer {
  readonly method: string;
  readonly status: number;
  /** When its request was looked at, and when the answer was there, in milliseconds of `performance.now()`. */
  readonly startedAt: number;
  readonly madeAt: number;
  /** How long the body of its request took to arrive. */
  readonly readMs: number;
}

/** What of a connection's bytes was told of. */
interface Told {
  read: number;
  written: number;
}

/**
 * What goes over the connections: knows the answers that are under way, tells of each and of its bytes, headers included, once the connection has
 * taken them or has gone, and knows which connections are not to be trusted any more.
 */
export class Traffic {
  readonly #metrics: ServerMetrics;
  /** Answers that are not closed, and what was made for them so far. */
  readonly #open = new Map<ServerResponse, MadeAnswer | null>();
  readonly #told = new WeakMap<Socket, Told>();
  /** Connections on which something was refused for its form. */
  readonly #refused = new WeakSet<Socket>();
  /** One for all answers, which find themselves as `this`: a function for each would be made at each request. */
  readonly #onClose: (this: ServerResponse) => void;

  /** @param metrics who is told */
  constructor(metrics: ServerMetrics) {
    this.#metrics = metrics;
    const close = (outgoing: ServerResponse): void => this.#close(outgoing);
    this.#onClose = function onClose() {
      close(this);
    };
  }

  /** Answers that are not closed. */
  get open(): Iterable<ServerResponse> {
    return this.#open.keys();
  }

  /** To be called when a request has come. */
  began(outgoing: ServerResponse): void {
    this.#open.set(outgoing, null);
    outgoing.on('close', this.#onClose);
  }

  /** To be called when an answer is made, which is before it is written. */
  answered(outgoing: ServerResponse, made: MadeAnswer): void {
    // Its caller may have gone while it was made.
    if (outgoing.closed) return this.#tell(outgoing, made);
    if (!this.#open.has(outgoing)) this.began(outgoing);
    this.#open.set(outgoing, made);
  }

  /** Notes that something on a connection was refused for its form: where the next request begins is in doubt from there on. */
  refuse(socket: Socket): void {
    this.#refused.add(socket);
  }

  /** Whether anything on it was. */
  hasRefused(socket: Socket): boolean {
    return this.#refused.has(socket);
  }

  #close(outgoing: ServerResponse): void {
    const made = this.#open.get(outgoing);
    this.#open.delete(outgoing);
    if (made !== null && made !== undefined) this.#tell(outgoing, made);
  }

  #tell(outgoing: ServerResponse, { method, status, startedAt, madeAt, readMs }: MadeAnswer): void {
    const endedAt = performance.now();
    this.#metrics.httpAnswered({ method: methods.has(method) ? method : 'other', status, seconds: (endedAt - startedAt) / 1000 });
    if (!outgoing.writableFinished) this.#metrics.answerDropped('http');
    const { socket } = outgoing.req;
    let told = this.#told.get(socket);
    if (told === undefined) this.#told.set(socket, (told = { read: 0, written: 0 }));
    const { bytesRead, bytesWritten } = socket;
    this.#metrics.received('http', bytesRead - told.read, 1, readMs / 1000);
    this.#metrics.sent('http', bytesWritten - told.written, 1, (endedAt - madeAt) / 1000);
    told.read = bytesRead;
    told.written = bytesWritten;
  }
}
