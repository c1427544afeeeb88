import type { Config } from '../config-schema.ts';

/**
 * The configuration that is in force after a reload: of a fresh one what can change while the service runs, and else what it was started with.
 * A worker that is started again later begins with this one, as the others have it.
 */
export function takenUp(running: Config, fresh: Config): Config {
  const games = Object.entries(running.games).map(([id, game]) => [id, { ...game, roles: fresh.games[id]?.roles ?? {} }] as const);
  return {
    ...running,
    auth: { ...running.auth, roles: fresh.auth.roles },
    games: Object.fromEntries(games),
    log: { ...running.log, level: fresh.log.level, requests: fresh.log.requests },
  };
}
