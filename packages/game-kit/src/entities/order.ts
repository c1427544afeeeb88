import { createdAt, defineEntity, id, json, text, timestamp, updatedAt, version } from '@midgard/dao';
import { z } from 'zod';
import type { JsonRecord } from '../wire/json.ts';
import { JsonObjectText } from '../wire/json.ts';
import { AmountText, IdText } from '../wire/numbers.ts';
import { Timestamp } from '../wire/time.ts';

/**
 * A player's order. `paymentKey` is channel and transaction id in one column, so that one unique index serves every
 * dialect: Oracle would take (channel, null) of two unpaid orders for duplicates.
 */
export const gameOrder = defineEntity('game_order', {
  columns: {
    id: id(),
    playerId: id(),
    product: text(128),
    quantity: id(),
    currency: text(32),
    amount: id(),
    channel: text(32),
    state: text(16),
    metadata: json<JsonRecord>(),
    transactionId: text(128).nullable(),
    paymentKey: text(161).nullable(),
    refundReason: text(200).nullable(),
    paidAt: timestamp().nullable(),
    deliveredAt: timestamp().nullable(),
    refundedAt: timestamp().nullable(),
    version: version(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  key: ['id'],
  cacheBy: ['id', 'playerId'],
  indexes: [{ on: ['playerId'] }, { on: ['paymentKey'], unique: true }],
});

/** Where an order can stand: created → paid → delivered or refunded, and nothing else. */
export const OrderState = z.enum(['created', 'paid', 'delivered', 'refunded']);

/** An order on the wire. */
export const Order = z.object({
  id: IdText,
  playerId: IdText,
  product: z.string(),
  quantity: AmountText,
  currency: z.string(),
  amount: AmountText,
  channel: z.string(),
  state: z.string().pipe(OrderState),
  metadata: JsonObjectText,
  transactionId: z.string().nullable(),
  refundReason: z.string().nullable(),
  paidAt: Timestamp.nullable(),
  deliveredAt: Timestamp.nullable(),
  refundedAt: Timestamp.nullable(),
  version: z.int(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
