import { roleNames } from '@midgard/auth';
import { Rights } from '@midgard/server';
import type { Config } from './config-schema.ts';

/** What roles may do, everywhere and in each game. */
export function rightsOf({ auth, games }: Pick<Config, 'auth' | 'games'>): Rights {
  return new Rights({ roles: auth.roles, rolesOf: Object.fromEntries(Object.entries(games).map(([id, { roles }]) => [id, roles])) });
}

/** The roles that a key can have: all but that of players, who have tokens. */
export function keyRoles({ auth, games }: Pick<Config, 'auth' | 'games'>): readonly string[] {
  const own = [auth.roles, ...Object.values(games).map(({ roles }) => roles)].flatMap((roles) => Object.keys(roles));
  return [...new Set([...roleNames, ...own])].filter((role) => role !== 'player');
}
