import { z } from 'zod';
import { read } from '../../define-operation.ts';
import { gameOrder, Order, OrderState } from '../../entities/order.ts';
import { listOf, paging } from '../../wire/list.ts';
import { Id } from '../../wire/numbers.ts';
import { TimestampInput } from '../../wire/time.ts';
import { page } from '../page.ts';
import { ownerTags, playerTags } from '../player-tags.ts';

/** One order. */
export const getOrder = read({
  code: 41,
  name: 'order.get',
  permission: 'order:read',
  http: 'GET /orders/:id',
  summary: 'One order',
  input: z.strictObject({ id: Id }),
  output: Order,
  owner: async ({ id }, { orders }) => (await orders.require(id)).playerId,
  cache: { entity: gameOrder.name, key: ({ id }) => id, tags: playerTags },
  handle: ({ orders }, { id }) => orders.require(id),
});

/** A player's orders, the newest first; `from` is within, `to` is not. */
export const listOrders = read({
  code: 42,
  name: 'order.list',
  permission: 'order:read',
  http: 'GET /players/:playerId/orders',
  summary: "A player's orders, newest first",
  input: z.strictObject({ playerId: Id, state: OrderState.optional(), from: TimestampInput.optional(), to: TimestampInput.optional(), ...paging }),
  output: listOf(Order),
  owner: ({ playerId }) => playerId,
  cache: { entity: gameOrder.name, by: 'playerId', key: ({ playerId }) => playerId, tags: ownerTags },
  handle: async ({ players, session }, { playerId, state, from, to, limit, cursor }) => {
    await players.require(playerId);
    const createdAt = { ...(from === undefined ? {} : { gte: from }), ...(to === undefined ? {} : { lt: to }) };
    const where = { playerId, ...(state === undefined ? {} : { state }), ...(Object.keys(createdAt).length === 0 ? {} : { createdAt }) };
    return page(session, gameOrder, cursor, { where, descending: true, limit });
  },
});
