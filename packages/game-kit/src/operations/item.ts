import { z } from 'zod';
import { read, write } from '../define-operation.ts';
import { Item, item } from '../entities/item.ts';
import { invalidInput } from '../refusals.ts';
import { JsonObject } from '../wire/json.ts';
import { listOf, paging } from '../wire/list.ts';
import { Amount, Id } from '../wire/numbers.ts';
import { Reason, slug } from '../wire/text.ts';
import { page } from './page.ts';
import { ownerTags } from './player-tags.ts';

const moved = { playerId: Id, itemType: slug(64), quantity: Amount, reason: Reason };

/** A player's items; empty stacks are left out. */
export const listItems = read({
  code: 30,
  name: 'item.list',
  permission: 'item:read',
  http: 'GET /players/:playerId/items',
  summary: "A player's items",
  input: z.strictObject({ playerId: Id, ...paging }),
  output: listOf(Item),
  owner: ({ playerId }) => playerId,
  cache: { entity: item.name, key: ({ playerId }) => playerId, tags: ownerTags },
  handle: async ({ players, session }, { playerId, limit, cursor }) => {
    await players.require(playerId);
    return page(session, item, cursor, { where: { playerId, quantity: { gte: 1n } }, orderBy: 'id', limit });
  },
});

/** Gives items to an active player. */
export const grantItem = write({
  code: 31,
  name: 'item.grant',
  permission: 'item:grant',
  http: 'POST /players/:playerId/items/grant',
  summary: 'Give items to a player',
  input: z.strictObject({ ...moved, attributes: JsonObject.optional() }),
  output: Item,
  owner: 'none',
  idempotent: 'required',
  changes: { item: ({ playerId }) => playerId },
  audit: true,
  handle: async ({ players, items }, { playerId, itemType, quantity, reason, attributes }) => {
    await players.requireActive(playerId);
    return items.grant(playerId, itemType, quantity, reason, attributes);
  },
});

/** Takes items from an active player. */
export const consumeItem = write({
  code: 32,
  name: 'item.consume',
  permission: 'item:consume',
  http: 'POST /players/:playerId/items/consume',
  summary: 'Take items from a player',
  input: z.strictObject(moved),
  output: Item,
  owner: 'none',
  idempotent: 'required',
  changes: { item: ({ playerId }) => playerId },
  audit: true,
  handle: async ({ players, items }, { playerId, itemType, quantity, reason }) => {
    await players.requireActive(playerId);
    return items.consume(playerId, itemType, quantity, reason);
  },
});

/** Moves items between two active players. */
export const transferItem = write({
  code: 33,
  name: 'item.transfer',
  permission: 'item:transfer',
  http: 'POST /players/:playerId/items/transfer',
  summary: 'Move items from one player to another',
  input: z.strictObject({ ...moved, toPlayerId: Id }),
  output: z.object({ from: Item, to: Item }),
  owner: 'none',
  idempotent: 'required',
  changes: { item: ({ playerId, toPlayerId }) => [playerId, toPlayerId] },
  audit: true,
  handle: async ({ players, items }, { playerId, toPlayerId, itemType, quantity, reason }) => {
    if (playerId === toPlayerId) throw invalidInput([{ path: 'toPlayerId', message: 'the same player', expected: 'another player' }]);
    await players.requireActive(playerId);
    await players.requireActive(toPlayerId);
    return items.transfer(playerId, toPlayerId, itemType, quantity, reason);
  },
});
