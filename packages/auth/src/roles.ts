import type { roleNames } from './principal.ts';

/**
 * What each role may do: patterns `resource:action`, where either side may be `*`, `*` alone is everything,
 * and a leading `!` takes away from this role what its other patterns give.
 *
 * A game adds permissions of its own under its own resource; `<resource>:play` is what a player's token may do in it.
 * A player's `*:read` is narrowed by each operation's owner rule: without one, a player is refused.
 */
export const standardRoles: Readonly<Record<(typeof roleNames)[number], readonly string[]>> = {
  'game-server': ['*', '!admin:*'],
  web: ['*:read', '!admin:*', 'player:create', 'order:create', 'order:pay', 'auth:*'],
  viewer: ['*:read'],
  operator: ['*:read', 'player:*', 'character:*', 'item:*', 'order:*', 'wallet:*', 'admin:cache', 'admin:health', 'admin:alerts'],
  admin: ['*'],
  player: ['*:read', '!admin:*', 'order:create', 'auth:*', '*:play'],
};
