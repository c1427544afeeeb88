import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ServerMetrics } from '../metrics.ts';
import type { RequestScope } from '../request/request-scope.ts';

/** RFC 9110 and RFC 5789: whatever else a client writes there is told of as `other`, or it could make up series without end. */
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE']);

/** What of a connection's bytes was told of. */
interface Told {
  read: number;
  written: number;
}

/** Tells of answers over HTTP and of their bytes, headers included, once the connection has taken them or has gone. */
export class Traffic {
  readonly #metrics: ServerMetrics;
  readonly #told = new WeakMap<Socket, Told>();

  /** @param metrics who is told */
  constructor(metrics: ServerMetrics) {
    this.#metrics = metrics;
  }

  /** To be called when an answer is made, which is before it is written. */
  answered(outgoing: ServerResponse, method: string, status: number, request: RequestScope): void {
    const { socket } = outgoing.req;
    const madeAt = performance.now();
    const tell = (): void => {
      const endedAt = performance.now();
      this.#metrics.httpAnswered({ method: methods.has(method) ? method : 'other', status, seconds: (endedAt - request.startedAt) / 1000 });
      if (!outgoing.writableFinished) this.#metrics.answerDropped('http');
      this.#tell(socket, request.msOf('read') / 1000, (endedAt - madeAt) / 1000);
    };
    // Its caller may have gone while it was made.
    if (outgoing.closed) tell();
    else outgoing.once('close', tell);
  }

  #tell(socket: Socket, readSeconds: number, writeSeconds: number): void {
    const told = this.#told.get(socket) ?? { read: 0, written: 0 };
    const { bytesRead, bytesWritten } = socket;
    this.#metrics.received('http', bytesRead - told.read, 1, readSeconds);
    this.#metrics.sent('http', bytesWritten - told.written, 1, writeSeconds);
    this.#told.set(socket, { read: bytesRead, written: bytesWritten });
  }
}
