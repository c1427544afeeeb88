/**
 * What can be wrong with the way the server was put together or is used.
 * - `ERR_SERVER_GAME_CLASH`: a game's number or id is taken or reserved
 * - `ERR_SERVER_GAME_UNKNOWN`: no game of that id was added
 * - `ERR_SERVER_ROUTE`: two operations of a game have one HTTP route, or a route cannot be read
 * - `ERR_SERVER_STATE`: started twice, or started after its stop
 * - `ERR_SERVER_OPTION`: an option is out of its range
 */
export type ServerErrorCode = 'ERR_SERVER_GAME_CLASH' | 'ERR_SERVER_GAME_UNKNOWN' | 'ERR_SERVER_ROUTE' | 'ERR_SERVER_STATE' | 'ERR_SERVER_OPTION';

/** A fault of whoever composes the server; clients never see one. */
export class ServerError extends Error {
  readonly code: ServerErrorCode;

  /**
   * @param code what went wrong, stable across versions
   * @param message for people
   */
  constructor(code: ServerErrorCode, message: string) {
    super(message);
    this.name = 'ServerError';
    this.code = code;
  }
}
