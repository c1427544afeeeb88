/** What can be wrong with a game before it serves anything. */
export type GameKitErrorCode =
  /** The manifest is not usable. */
  | 'ERR_GAME_MANIFEST'
  /** An operation is not usable: code, name, route, schema or cache rule. */
  | 'ERR_GAME_OPERATION'
  /** Two operations share a code, a name or a route; two entities a name. */
  | 'ERR_GAME_CLASH'
  /** The game was built for another version of the contract. */
  | 'ERR_GAME_CONTRACT'
  /** A document of the public configuration is not usable: its name, its times, its value. */
  | 'ERR_GAME_CONFIG'
  /** The runtime is used before its start or after its stop. */
  | 'ERR_GAME_STATE';

/** A mistake in a game's definition or in how it is run: for its author, never for a client. */
export class GameKitError extends Error {
  override readonly name: string = 'GameKitError';
  readonly code: GameKitErrorCode;

  /**
   * @param code stable; what tests assert
   * @param message for the game's author
   * @param options.cause what led to it
   */
  constructor(code: GameKitErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
