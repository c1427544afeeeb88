import type { JsonValue } from '@midgard/errors';
import { bool, defineEntity, id, int, json, text, timestamp, version } from '@midgard/dao';

/** Who did what: one row of a hash chain, written in the transaction of what it tells of. Never changed. */
export const auditEntry = defineEntity('audit_entry', {
  columns: {
    chain: int(),
    sequence: id(),
    at: timestamp(),
    actor: text(200),
    actorKind: text(16),
    roles: text(200),
    transport: text(16),
    address: text(64),
    requestId: text(128),
    operation: text(64),
    entity: text(64),
    subject: text(200),
    outcome: int(),
    changes: json<JsonValue>(),
    previous: text(64),
    hash: text(64),
  },
  key: ['chain', 'sequence'],
  // Each costs every sensitive write; of an operation there are many, so these are found along the time.
  indexes: [{ on: ['at'] }, { on: ['actor', 'at'] }, { on: ['subject', 'at'] }],
});

/** The end of each chain: locked as the last thing of a transaction, so that chains have no gaps and no forks. */
export const auditHead = defineEntity('audit_head', {
  columns: { chain: int(), sequence: id(), hash: text(64), checkpoints: int(), signedSequence: id(), version: version() },
  key: ['chain'],
});

/** Signed positions of the chains. */
export const auditCheckpoint = defineEntity('audit_checkpoint', {
  columns: { chain: int(), number: int(), sequence: id(), hash: text(64), at: timestamp(), isAnchor: bool(), keyId: text(64), signature: text(128) },
  key: ['chain', 'number'],
});

/** What the audit log of a database is kept in. */
export const auditEntities = [auditEntry, auditHead, auditCheckpoint] as const;
