import { z } from 'zod';
import { write } from '../../define-operation.ts';
import { Order } from '../../entities/order.ts';
import { JsonObject } from '../../wire/json.ts';
import { Amount, AmountOrZero, Id } from '../../wire/numbers.ts';
import { Reason, slug, text } from '../../wire/text.ts';

const DEFAULT_CHANNEL = 'direct';

/** A new order of an active player; it may cost nothing. */
export const createOrder = write({
  code: 40,
  name: 'order.create',
  permission: 'order:create',
  http: 'POST /orders',
  summary: 'A new order',
  input: z.strictObject({
    playerId: Id,
    product: text(1, 128),
    quantity: Amount,
    currency: slug(32),
    amount: AmountOrZero,
    channel: slug(32).default(DEFAULT_CHANNEL),
    metadata: JsonObject.optional(),
  }),
  output: Order,
  owner: ({ playerId }) => playerId,
  idempotent: 'required',
  changes: { game_order: 'unknown' },
  audit: true,
  handle: async ({ players, orders }, { metadata = {}, ...order }) => {
    await players.requireActive(order.playerId);
    return orders.create({ ...order, metadata });
  },
});

/** Notes that an order was paid; what follows goes on whatever became of the player, since money has moved. */
export const payOrder = write({
  code: 43,
  name: 'order.pay',
  permission: 'order:pay',
  http: 'POST /orders/:id/pay',
  summary: 'created → paid',
  input: z.strictObject({ id: Id, transactionId: text(1, 128) }),
  output: Order,
  owner: 'none',
  idempotent: 'required',
  changes: { game_order: ({ id }) => id },
  audit: true,
  handle: ({ orders }, { id, transactionId }) => orders.pay(id, transactionId),
});

/** Notes that a paid order was delivered. A game hands out the goods in its `after` hook, in the same transaction. */
export const deliverOrder = write({
  code: 44,
  name: 'order.deliver',
  permission: 'order:deliver',
  http: 'POST /orders/:id/deliver',
  summary: 'paid → delivered',
  input: z.strictObject({ id: Id }),
  output: Order,
  owner: 'none',
  idempotent: 'required',
  changes: { game_order: ({ id }) => id },
  audit: true,
  handle: ({ orders }, { id }) => orders.deliver(id),
});

/** Notes that a paid order was refunded instead of delivered. */
export const refundOrder = write({
  code: 45,
  name: 'order.refund',
  permission: 'order:refund',
  http: 'POST /orders/:id/refund',
  summary: 'paid → refunded',
  input: z.strictObject({ id: Id, reason: Reason }),
  output: Order,
  owner: 'none',
  idempotent: 'required',
  changes: { game_order: ({ id }) => id },
  audit: true,
  handle: ({ orders }, { id, reason }) => orders.refund(id, reason),
});
