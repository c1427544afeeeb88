import { createdAt, defineEntity, id, IdText, json, JsonObjectText, type JsonRecord, textColumn, Timestamp } from '@midgard/game-kit';
import { z } from 'zod';

/** What happened to an order outside of its states: shown, retried at the payment channel, mailed. Only grows. */
export const orderEvent = defineEntity('order_event', {
  columns: { id: id(), orderId: id(), kind: textColumn(32), data: json<JsonRecord>(), createdAt: createdAt() },
  key: ['id'],
  cacheBy: 'orderId',
  indexes: [{ on: ['orderId', 'id'] }],
});

/** An event on the wire. */
export const OrderEvent = z.object({ id: IdText, orderId: IdText, kind: z.string(), data: JsonObjectText, createdAt: Timestamp });
