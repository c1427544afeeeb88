import type { RequestScope } from './request/request-scope.ts';

/** The front end that a measurement comes from. */
export type Transport = 'tcp' | 'http' | 'websocket';

/** One answer over HTTP, whatever was asked for. */
export interface HttpMeasure {
  /** Upper case; `other` where it is none of the usual ones, which a client may make up. */
  readonly method: string;
  readonly status: number;
  /** From the headers to the last byte of the answer. */
  readonly seconds: number;
}

/** Requests of one caller for one operation that were answered out of memory together, before anything was made for them. All went well. */
export interface AnsweredReads {
  readonly transport: Transport;
  readonly game: string;
  readonly operation: string;
  readonly subject: string;
  /** The peer's; `''` where it is not known. */
  readonly address: string;
  readonly count: number;
  /** In their order; what stands behind the first {@link count} is none. Good until the call is over. */
  readonly requestIds: ArrayLike<string | number>;
  /** Of each of them: from the first byte of what arrived together to the answers. */
  readonly seconds: number;
}

/**
 * Told of everything countable that the server does. Its methods are called on the hot way: they must not throw and should not allocate.
 */
export interface ServerMetrics {
  connectionOpened(transport: Transport): void;
  connectionClosed(transport: Transport): void;
  /** A connection was closed for an error: its code. */
  connectionFailed(code: number): void;
  /** A hello was answered: 0 for welcome, else the error code. */
  handshake(code: number): void;
  /** Someone is connected over TCP from now on: what kind of principal. */
  clientJoined(kind: string): void;
  /** And is not any more. */
  clientLeft(kind: string): void;
  /** Bytes and whole messages that arrived at once, and how long it took to take them in: over TCP one read event, over HTTP one request. */
  received(transport: Transport, bytes: number, messages: number, seconds: number): void;
  /** Bytes and whole messages handed to the socket at once, and how long that took: over TCP one write, over HTTP one answer until it was taken. */
  sent(transport: Transport, bytes: number, messages: number, seconds: number): void;
  /** An answer had nobody to go to any more. */
  answerDropped(transport: Transport): void;
  httpAnswered(measure: HttpMeasure): void;
  /** A request came to its operation (1), or was answered by it (-1). */
  requestRuns(transport: Transport, change: 1 | -1): void;
  /** Names, code and stages of a request are final. @param seconds from its first byte to its encoded answer */
  requestFinished(request: RequestScope, seconds: number): void;
  /** Requests that never came to their operation, since their answers were at hand. */
  readsAnswered(reads: AnsweredReads): void;
}

const ignore = (): void => undefined;

/** Counts nothing: the default where no listener is given. */
export const noopMetrics: ServerMetrics = {
  connectionOpened: ignore,
  connectionClosed: ignore,
  connectionFailed: ignore,
  handshake: ignore,
  clientJoined: ignore,
  clientLeft: ignore,
  received: ignore,
  sent: ignore,
  answerDropped: ignore,
  httpAnswered: ignore,
  requestRuns: ignore,
  requestFinished: ignore,
  readsAnswered: ignore,
};
