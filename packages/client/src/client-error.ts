/**
 * What can go wrong between caller and server. An answer of the server, even a refusal, is a `MidgardError` instead.
 *
 * - `ERR_CLIENT_CONNECT`: no connection could be made, or it was not greeted in time
 * - `ERR_CLIENT_CONNECTION_LOST`: the connection broke with the request on its way; it may or may not have been executed
 * - `ERR_CLIENT_TIMEOUT`: no answer within the request's time; it may or may not have been executed
 * - `ERR_CLIENT_ABORTED`: the caller's signal fired; the same holds. `cause` is the signal's reason
 * - `ERR_CLIENT_CLOSED`: the client was closed
 * - `ERR_CLIENT_PROTOCOL`: the other side sent what the protocol does not allow, or answered HTTP with something that is not ours
 * - `ERR_CLIENT_TOO_LARGE`: the request does not fit into the server's frame limit; nothing was sent
 * - `ERR_CLIENT_ARGUMENT`: the game has no such operation, or its route lacks a parameter; nothing was sent
 */
export type ClientErrorCode =
  | 'ERR_CLIENT_CONNECT'
  | 'ERR_CLIENT_CONNECTION_LOST'
  | 'ERR_CLIENT_TIMEOUT'
  | 'ERR_CLIENT_ABORTED'
  | 'ERR_CLIENT_CLOSED'
  | 'ERR_CLIENT_PROTOCOL'
  | 'ERR_CLIENT_TOO_LARGE'
  | 'ERR_CLIENT_ARGUMENT';

/** A fault of the way to the server; see {@link ClientErrorCode} for what each code says. */
export class ClientError extends Error {
  /** Stable; the message is not. */
  readonly code: ClientErrorCode;

  /**
   * @param code what happened
   * @param message for a person who reads a log
   * @param cause what made it happen, where there is something
   */
  constructor(code: ClientErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ClientError';
    this.code = code;
  }

  /**
   * @param error anything that was thrown
   * @param code asks for this code only
   * @returns whether it is an error of this class (and code)
   */
  static is(error: unknown, code?: ClientErrorCode): error is ClientError {
    return error instanceof ClientError && (code === undefined || error.code === code);
  }
}
