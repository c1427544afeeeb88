import type { ExecuteRequest, GameEvents, GameHandler, Operation, PublicConfig } from '@midgard/game-kit';

/**
 * What the server needs of a running game; `GameRuntime` of `@midgard/game-kit` is one, a test double another.
 */
export interface ServedGame {
  /** The game as its author defined it: manifest and operations. */
  readonly handler: Pick<GameHandler, 'manifest' | 'operations'>;
  /** What anybody may read; undefined: nothing. Never left out, so that a game around another one does not lose it unnoticed. */
  readonly publicConfig: PublicConfig | undefined;
  /** What happens in it, for those who listen; undefined: nothing is told. Never left out, for the same reason. */
  readonly events: GameEvents | undefined;
  /** Runs one operation on raw input and resolves with wire-ready output; rejects with an error that `toMidgardError` knows. */
  execute(request: ExecuteRequest): Promise<unknown>;
  /** Names what a write changes, so that writes of one connection keep their order; empty for reads and bad input. Never throws. */
  orderKeys(operation: Operation, input: unknown): readonly string[];
}
