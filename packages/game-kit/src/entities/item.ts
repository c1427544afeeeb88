import { createdAt, defineEntity, id, int64, json, text, updatedAt, version } from '@midgard/dao';
import { z } from 'zod';
import type { JsonRecord } from '../wire/json.ts';
import { JsonObjectText } from '../wire/json.ts';
import { AmountText, IdText } from '../wire/numbers.ts';
import { Timestamp } from '../wire/time.ts';

/**
 * How many of an item type a player has: the sum of the player's rows in {@link itemEntry}, kept up to date with them.
 * An empty stack stays, with quantity 0.
 */
export const item = defineEntity('item', {
  columns: {
    playerId: id(),
    itemType: text(64),
    id: id(),
    quantity: id(),
    attributes: json<JsonRecord>(),
    version: version(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  key: ['playerId', 'itemType'],
});

/**
 * The items' ledger. Each movement is two rows whose deltas sum to zero: a player's and the other account's, which is
 * another player's or the game's own, number 0, out of which things come and into which they go.
 */
export const itemEntry = defineEntity('item_entry', {
  columns: {
    id: id(),
    movementId: id(),
    accountId: id(),
    itemType: text(64),
    delta: int64(),
    balance: id().nullable(),
    reason: text(200),
    createdAt: createdAt(),
  },
  key: ['id'],
  indexes: [{ on: ['accountId', 'itemType'] }],
});

/** A stack of items on the wire. */
export const Item = z.object({
  id: IdText,
  playerId: IdText,
  itemType: z.string(),
  quantity: AmountText,
  attributes: JsonObjectText,
  version: z.int(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
