import type { AuditCheckpoint, AuditSigner } from '@midgard/auth';
import type { Database, Session } from '@midgard/dao';
import { sql } from '@midgard/dao';
import { auditCheckpoint, auditEntry } from '../entities/audit.ts';
import { type AuditTrail, toCheckpointRow } from './audit-trail.ts';
import type { CheckpointSink } from './checkpoints.ts';

/** What {@link pruneAudit} needs. */
export interface PruneAuditOptions {
  /** Entries that are older go, as far as a checkpoint reaches that is older too; epoch milliseconds. */
  readonly before: number;
  /** Signs where each chain begins from now on. */
  readonly signer: AuditSigner;
  /** Writes that it was done. */
  readonly trail: AuditTrail;
  readonly sink?: CheckpointSink;
  /** Who does it; as in an entry. */
  readonly actor: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** What was removed of one chain. */
export interface PrunedChain {
  readonly chain: number;
  /** Number of the checkpoint behind which the chain begins now. */
  readonly checkpoint: number;
  readonly rows: number;
}

/**
 * Removes the beginning of each chain, up to the last checkpoint from before a moment: it becomes the chain's anchor, signed as such. An entry
 * in the same transaction says so. To be run when old entries may go; the entries that are left verify as before.
 */
export async function pruneAudit(database: Database, options: PruneAuditOptions): Promise<readonly PrunedChain[]> {
  const chains = await database.read(async (session) => {
    const old = await session.dao(auditCheckpoint).find({ where: { at: { lt: new Date(options.before) } }, orderBy: ['chain', 'number'], limit: 10_000 });
    return new Map(old.map((checkpoint) => [checkpoint.chain, checkpoint]));
  });
  const pruned: PrunedChain[] = [];
  for (const { isAnchor, keyId: _, signature: __, at, ...checkpoint } of chains.values()) {
    if (isAnchor) continue;
    const anchor = options.signer.sign({ ...checkpoint, at: at.getTime(), scope: options.trail.scope, isAnchor: true });
    const rows = await database.transaction((session) => pruneChain(session, anchor, options), { timeoutMs: 600_000 });
    await options.sink?.(anchor);
    pruned.push({ chain: anchor.chain, checkpoint: anchor.number, rows });
  }
  return pruned;
}

async function pruneChain(session: Session, anchor: AuditCheckpoint, { trail, actor, now }: PruneAuditOptions): Promise<number> {
  const { chain, number, sequence } = anchor;
  const rows = await session.dao(auditEntry).count({ chain, sequence: { lte: sequence } });
  await session.execute(
    sql`delete from ${sql.identifier(auditEntry.table)} where ${sql.identifier('chain')} = ${chain} and ${sql.identifier('sequence')} <= ${sequence}`,
  );
  await session.execute(
    sql`delete from ${sql.identifier(auditCheckpoint.table)} where ${sql.identifier('chain')} = ${chain} and ${sql.identifier('number')} <= ${number}`,
  );
  await session.dao(auditCheckpoint).insert(toCheckpointRow(anchor));
  const who = { actor, actorKind: 'cli', roles: '', transport: 'cli', address: '', requestId: '' };
  const what = {
    operation: 'audit.prune',
    entity: 'audit_entry',
    subject: String(chain),
    outcome: 0,
    changes: { chain, upTo: String(sequence), checkpoint: number, rows },
  };
  await trail.append(session, { at: now, ...who, ...what });
  return rows;
}
