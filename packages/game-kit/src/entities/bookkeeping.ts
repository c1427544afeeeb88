import type { JsonValue } from '@midgard/errors';
import { bytes, createdAt, defineEntity, id, int, json, text, timestamp, updatedAt } from '@midgard/dao';

/** The first answer to each idempotency key, written in the transaction that it answers for. */
export const idempotency = defineEntity('idempotency', {
  columns: { key: text(128), operation: text(64), inputHash: text(64), output: json<JsonValue>(), createdAt: createdAt() },
  key: ['key'],
  indexes: [{ on: ['createdAt'] }],
});

/**
 * What happened, for those who listen: written in the transaction of what happened, published after it. Ids are made before the commit, by
 * several instances, so they are no order to follow; the sequence is, and is given when a row is published.
 */
export const outbox = defineEntity('outbox', {
  columns: {
    id: id(),
    event: text(64),
    payload: json<JsonValue>(),
    publishedAt: timestamp().nullable(),
    createdAt: createdAt(),
    sequence: id().nullable(),
  },
  key: ['id'],
  // With the id in it, or Oracle would leave out what is not published yet, which is what is looked for.
  indexes: [{ on: ['sequence', 'id'] }],
});

/** The sequence that was given last: locked by whoever publishes, so that the order of the sequence is the order in which it becomes visible. */
export const outboxHead = defineEntity('outbox_head', {
  columns: { stream: int(), sequence: id() },
  key: ['stream'],
});

/** Up to which record each durable log was applied: written in the transaction that applies them. */
export const writeBehindLog = defineEntity('write_behind_log', {
  columns: { logId: text(32), applied: id(), updatedAt: updatedAt() },
  key: ['logId'],
});

/** Acknowledged writes that the database refuses for good, as they stood in the log. */
export const deadWrite = defineEntity('dead_write', {
  columns: { logId: text(32), sequence: id(), operation: text(128), entry: bytes(16_777_216), reason: text(500), createdAt: createdAt() },
  key: ['logId', 'sequence'],
});
