import type { JsonValue } from '@midgard/errors';
import { createdAt, defineEntity, id, json, text, timestamp } from '@midgard/dao';

/** The first answer to each idempotency key, written in the transaction that it answers for. */
export const idempotency = defineEntity('idempotency', {
  columns: { key: text(128), operation: text(64), inputHash: text(64), output: json<JsonValue>(), createdAt: createdAt() },
  key: ['key'],
  indexes: [{ on: ['createdAt'] }],
});

/** What happened, for those who listen: written in the transaction of what happened, published after it. */
export const outbox = defineEntity('outbox', {
  columns: { id: id(), event: text(64), payload: json<JsonValue>(), publishedAt: timestamp().nullable(), createdAt: createdAt() },
  key: ['id'],
});
