import type { Role } from './principal.ts';

/**
 * What each role may do: patterns `resource:action`, where either side may be `*`, `*` alone is everything,
 * and a leading `!` takes away from this role what its other patterns give.
 *
 * A game adds permissions of its own under its own resource; `<resource>:play` is what a player's token may do in it.
 */
export const standardRoles: Readonly<Record<Role, readonly string[]>> = {
  'game-server': ['*', '!admin:*'],
  web: ['player:read', 'player:create', 'character:read', 'item:read', 'order:read', 'order:create', 'order:pay', 'wallet:read', 'auth:*'],
  viewer: ['*:read'],
  operator: ['*:read', 'player:*', 'character:*', 'item:*', 'order:*', 'wallet:*'],
  admin: ['*'],
  player: ['player:read', 'character:read', 'item:read', 'order:read', 'order:create', 'wallet:read', 'auth:*', '*:play'],
};
