import { ClientError } from './client-error.ts';
import type { CallOptions } from './exchange.ts';
import type { GameShape, InputOf, OperationName, OperationShape, OutputOf } from './game-types.ts';

/**
 * Runs one operation of a game over some transport. The answer is not checked against the output's schema: client and
 * server share the definition, and the server has encoded through it.
 */
export type Caller = (operation: OperationShape, input: unknown, options: CallOptions) => Promise<unknown>;

/** The operations of one game as a typed function. Made by `game()` of either client. */
export class GameClient<Game extends GameShape> {
  readonly #operations: ReadonlyMap<string, OperationShape>;
  readonly #gameId: string;
  readonly #call: Caller;

  /**
   * @param game whose operations are called
   * @param call the transport
   */
  constructor(game: Game, call: Caller) {
    this.#operations = new Map(game.operations.map((operation) => [operation.name, operation]));
    this.#gameId = game.manifest.id;
    this.#call = call;
  }

  /**
   * Calls an operation and waits for its answer.
   *
   * @param name such as `'player.get'`
   * @param input as the operation defines it; ids may be digits or bigint
   * @param options time-out, signal, trace
   * @throws {MidgardError} the server's answer is an error
   * @throws {ClientError} there was no answer; `ERR_CLIENT_ARGUMENT`: the game has no such operation
   *
   * @example
   * ```ts
   * // not compiled: a game is no dependency of the client
   * const player = await client.game(realm).call('player.get', { id: '42' });
   * ```
   */
  async call<Name extends OperationName<Game>>(name: Name, input: InputOf<Game, Name>, options?: CallOptions): Promise<OutputOf<Game, Name>>;
  async call(name: string, input: unknown, options: CallOptions = {}): Promise<unknown> {
    const operation = this.#operations.get(name);
    if (operation === undefined) throw new ClientError('ERR_CLIENT_ARGUMENT', `game ${this.#gameId} has no operation ${name}`);
    return await this.#call(operation, input, options);
  }
}
