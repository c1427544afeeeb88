import type { Principal } from '@midgard/auth';
import { type Database, IdGenerator } from '@midgard/dao';
import { temporaryDatabase } from '@midgard/dao/testing';
import { MidgardError } from '@midgard/errors';
import type { GameHandler } from '../game.ts';
import type { TokenIssuer } from '../repositories/logins.ts';
import { GameRuntime } from '../runtime/game-runtime.ts';
import type { GameRuntimeOptions } from '../runtime/runtime-options.ts';

/** A caller that may do everything, as a trusted game server. */
export const service: Principal = {
  subject: 'server:test',
  kind: 'service',
  roles: ['game-server'],
  games: '*',
  playerId: null,
  expiresAt: null,
  issuedAt: null,
  sessionId: null,
};

/**
 * A caller with a player's token.
 *
 * @param playerId whose token it is
 */
export function playerCaller(playerId: bigint): Principal {
  return { ...service, subject: `test:player:${playerId}`, kind: 'player', roles: ['player'], playerId };
}

/** A clock that stands still until it is moved. */
export class ManualClock {
  #now: number;

  /** @param now epoch milliseconds */
  constructor(now: number = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /** @param ms milliseconds to go on */
  advance(ms: number): void {
    this.#now += ms;
  }
}

/** A running game on a database of its own that is gone after the test. */
export interface OpenGame extends AsyncDisposable {
  readonly runtime: GameRuntime;
  readonly database: Database;
  readonly clock: ManualClock;
  /**
   * Calls an operation.
   *
   * @param name of the operation
   * @param caller a service unless told
   * @returns the wire's output
   */
  call(name: string, input: unknown, caller?: Principal | null): Promise<unknown>;
}

/** Tokens that are readable: enough for tests that are not about cryptography. */
export const readableTokens: TokenIssuer = {
  issueAccess: async ({ game, playerId }) => `access ${game} ${playerId}`,
  verify: async (token) => {
    const [, game, playerId] = /^access (\S+) (\d+)$/.exec(token) ?? [];
    if (game === undefined || playerId === undefined) throw new MidgardError('credentialInvalid', '');
    return { ...playerCaller(BigInt(playerId)), games: [game], expiresAt: Date.UTC(2030, 0, 1) };
  },
};

/**
 * Starts a game for a test; use it with `await using`.
 *
 * @param handler the game
 * @param options differences from the test's runtime
 */
export async function openGame(handler: GameHandler, options: Partial<GameRuntimeOptions> = {}): Promise<OpenGame> {
  const clock = new ManualClock();
  const database = options.database ?? (await temporaryDatabase({ clock }));
  const runtime = new GameRuntime(handler, { database, ids: new IdGenerator({ clock, instance: 0 }), clock, tokens: readableTokens, ...options });
  await runtime.start();
  const call: OpenGame['call'] = async (name, input, caller = service) => {
    const operation = runtime.operation(name);
    if (operation === undefined) throw new MidgardError('operationNotFound', name);
    return runtime.execute({ operation, input, caller });
  };
  const close = async (): Promise<void> => {
    await runtime.stop();
    await database.close();
  };
  return { runtime, database, clock, call, [Symbol.asyncDispose]: close };
}
