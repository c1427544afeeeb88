import type { GameHandler } from '@midgard/game-kit';
import { z } from 'zod';
import { SetupError } from './setup-error.ts';

/** What everything made by `defineGame` has, whichever version of the contract it was built for; the runtime checks the version. */
const handlerShape = z.looseObject({
  contract: z.number(),
  manifest: z.object({ id: z.string(), number: z.number(), version: z.string(), title: z.string() }),
  entities: z.array(z.unknown()),
  operations: z.array(z.unknown()),
});

/**
 * Loads a game plugin by its package name; the plugin is the package's default export.
 *
 * @throws {SetupError} `ERR_SETUP_GAME`: no such package, no game in it, or a game under another id
 */
export async function loadGame(id: string, packageName: string): Promise<GameHandler> {
  const handler = await defaultExport(id, packageName);
  if (!isGameHandler(handler)) throw new SetupError('ERR_SETUP_GAME', `games.${id}.package: the default export of ${packageName} was not made by defineGame`);
  if (handler.manifest.id !== id) throw new SetupError('ERR_SETUP_GAME', `games.${id}.package: ${packageName} is the game "${handler.manifest.id}"`);
  return handler;
}

function isGameHandler(value: unknown): value is GameHandler {
  return handlerShape.safeParse(value).success;
}

async function defaultExport(id: string, packageName: string): Promise<unknown> {
  try {
    const plugin: { default?: unknown } = await import(packageName);
    return plugin.default;
  } catch (cause) {
    throw new SetupError('ERR_SETUP_GAME', `games.${id}.package: ${packageName} cannot be loaded; is it installed?`, { cause });
  }
}
