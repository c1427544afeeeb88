import { Id, IdText, JsonObject, listOf, page, paging, read, slug, writeBehind } from '@midgard/game-kit';
import { z } from 'zod';
import { OrderEvent, orderEvent } from './order-event.ts';

const recordEvent = writeBehind({
  code: 130,
  name: 'orderEvent.record',
  summary: 'Note what happened to an order',
  permission: 'order:update',
  http: 'POST /orders/:id/events',
  input: z.object({ id: Id, kind: slug(32), data: JsonObject.optional() }),
  output: z.object({ id: IdText, orderId: IdText }),
  owner: 'none',
  idempotent: 'required',
  event: null,
  changes: { order_event: ({ id }) => id },
  prepare: ({ read: inSnapshot }, { id }) => inSnapshot(({ orders }) => orders.require(id)),
  defer: (deferral, { id: orderId, kind, data = {} }) => {
    const id = deferral.ids.next();
    deferral.insert(orderEvent, { id, orderId, kind, data });
    return { id, orderId };
  },
});

const listEvents = read({
  code: 131,
  name: 'orderEvent.list',
  summary: 'What happened to an order, oldest first',
  permission: 'order:read',
  http: 'GET /orders/:id/events',
  input: z.object({ id: Id, ...paging }),
  output: listOf(OrderEvent),
  owner: async ({ id }, { orders }) => (await orders.require(id)).playerId,
  reads: { order_event: ({ id }) => id },
  handle: async ({ orders, session }, { id, limit, cursor }) => {
    await orders.require(id);
    return page(session, orderEvent, cursor, { where: { orderId: id }, limit });
  },
});

/** Events of orders come often and nobody waits for them: they are written behind. */
export const orderEventOperations = [recordEvent, listEvents] as const;
