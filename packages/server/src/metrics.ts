/** The front end that a measurement comes from. */
export type Transport = 'tcp' | 'http';

/** One finished request, as metrics see it. */
export interface RequestMeasure {
  readonly transport: Transport;
  /** The game's id, `midgard` for built-in operations, `unknown` for a game that is not there: never what a client wrote. */
  readonly game: string;
  /** The operation's name, or `unknown`. */
  readonly operation: string;
  /** 0 for a good answer, else the error code of protocol.md. */
  readonly code: number;
  readonly seconds: number;
}

/**
 * Told of everything countable that the server does. Its methods are called on the hot way: they must not throw and should not allocate.
 */
export interface ServerMetrics {
  connectionOpened(transport: Transport): void;
  connectionClosed(transport: Transport): void;
  /** A hello was answered: 0 for welcome, else the error code. */
  handshake(code: number): void;
  /** Bytes and whole frames that arrived in one read event. */
  received(bytes: number, frames: number): void;
  /** Bytes and whole frames handed to the socket in one write. */
  sent(bytes: number, frames: number): void;
  requestFinished(measure: RequestMeasure): void;
}

const ignore = (): void => undefined;

/** Counts nothing: the default where no listener is given. */
export const noopMetrics: ServerMetrics = {
  connectionOpened: ignore,
  connectionClosed: ignore,
  handshake: ignore,
  received: ignore,
  sent: ignore,
  requestFinished: ignore,
};
