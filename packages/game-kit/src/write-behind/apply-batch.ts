import { type Dao, DaoError, type Entity, type Session } from '@midgard/dao';
import { deadWrite, idempotency, outbox, writeBehindLog } from '../entities/bookkeeping.ts';
import { coalesce, type ChangeGroup } from './coalesce.ts';
import type { ChangedRow, DeferredChange } from './deferred-change.ts';
import type { DeferredWrite } from './log-entry.ts';
import type { PendingWrite } from './pending-writes.ts';

/** What became of a batch. */
export interface AppliedBatch {
  /** Writes that were made. */
  readonly writes: number;
  /** Rows that they took: fewer than changes, where several changed one key. */
  readonly rows: number;
  /** Changes before they were joined. */
  readonly changes: number;
  /** Saves that met a row of their version or a newer one, which stayed. */
  readonly outdated: number;
  /** Writes whose idempotency key had been used by the same write, by this instance or another. */
  readonly repeated: number;
}

/** How far a log was applied; a log is applied by one process, so that nothing waits for this row. */
export async function appliedOf(session: Session, logId: string): Promise<number> {
  return Number((await session.dao(writeBehindLog).get(logId))?.applied ?? 0n);
}

/**
 * Makes a run of writes within one transaction, together with the note of how far the log was applied: so each is made
 * exactly once, however often it is replayed.
 *
 * @param writes the oldest ones of the log, in its order
 * @throws {DaoError} what a database refuses; nothing of the batch is made then
 */
export async function applyBatch(session: Session, logId: string, writes: readonly PendingWrite[]): Promise<AppliedBatch> {
  const applied = await appliedOf(session, logId);
  const left = writes.filter(({ sequence }) => sequence > applied).flatMap(({ write }) => (write === undefined ? [] : [write]));
  const fresh = await withoutRepeated(session, left);
  const changes = fresh.flatMap((write) => write.changes);
  const { rows, outdated } = await makeChanges(session, changes);
  await noteKeys(session, fresh);
  await session
    .dao(outbox)
    .insertMany(fresh.flatMap(({ event, output }) => (event === undefined ? [] : [{ id: event.id, event: event.name, payload: output }])));
  await noteApplied(session, logId, Math.max(applied, writes.at(-1)?.sequence ?? 0));
  return { writes: fresh.length, rows, changes: changes.length, outdated, repeated: left.length - fresh.length };
}

/** Puts a write that can never be made where people will find it, and goes past it; nothing where that was done already. */
export async function buryWrite(session: Session, logId: string, { sequence, write, payload }: PendingWrite, error: unknown): Promise<void> {
  if ((await appliedOf(session, logId)) >= sequence) return;
  await session.dao(deadWrite).insert({
    logId,
    sequence: BigInt(sequence),
    operation: write?.operation ?? 'unknown',
    entry: Buffer.from(payload),
    reason: reasonOf(error),
  });
  await noteApplied(session, logId, sequence);
}

/** Makes changes in few statements, in an order that leaves what they would leave one by one. */
export async function makeChanges(session: Session, changes: readonly DeferredChange[]): Promise<{ readonly rows: number; readonly outdated: number }> {
  let rows = 0;
  let outdated = 0;
  for (const group of coalesce(changes)) {
    const written = await makeGroup(session.dao(group.entity), group);
    rows += written;
    outdated += group.rows.length - written;
  }
  return { rows, outdated };
}

/** The columns were checked against their entity when the change was said: here the type system knows of them no more. */
interface AnyDao {
  insertMany(rows: readonly ChangedRow[]): Promise<unknown>;
  addMany(rows: readonly ChangedRow[], columns: readonly string[]): Promise<void>;
  saveNewer(rows: readonly { readonly row: ChangedRow; readonly version: number }[]): Promise<readonly unknown[]>;
}

async function makeGroup(dao: Dao<Entity> & AnyDao, { entity, kind, columns, rows: unordered }: ChangeGroup): Promise<number> {
  // In the order of the keys: two instances that write the same rows of a server then never wait for each other's.
  const rows = unordered.toSorted((one, other) => compareKeys(entity, one.row, other.row));
  if (kind === 'save') return (await dao.saveNewer(rows)).length;
  const bare = rows.map(({ row }) => row);
  if (kind === 'insert') await dao.insertMany(bare);
  else await dao.addMany(bare, columns);
  return rows.length;
}

function compareKeys({ key }: Entity, one: ChangedRow, other: ChangedRow): number {
  for (const name of key) {
    const [left, right] = [orderable(one[name]), orderable(other[name])];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

function orderable(value: unknown): bigint | string {
  return typeof value === 'bigint' ? value : String(value);
}

async function withoutRepeated(session: Session, writes: readonly DeferredWrite[]): Promise<readonly DeferredWrite[]> {
  const keys = writes.flatMap(({ keyed }) => (keyed === undefined ? [] : [keyed.key]));
  const known = new Map((await session.dao(idempotency).getMany(keys)).map((row) => [row.key, row]));
  return writes.filter(({ keyed, operation }) => {
    const first = keyed === undefined ? undefined : known.get(keyed.key);
    if (first === undefined) return true;
    if (first.operation === operation && first.inputHash === keyed?.inputHash) return false;
    // Only another instance can have used the key meanwhile, for something else: neither may be dropped in silence.
    throw new DaoError('ERR_DAO_DUPLICATE', `${idempotency.name}: the key was used for another write`, { entity: idempotency.name });
  });
}

async function noteKeys(session: Session, writes: readonly DeferredWrite[]): Promise<void> {
  const rows = writes.flatMap(({ keyed, operation, output }) => (keyed === undefined ? [] : [{ ...keyed, operation, output }]));
  await session.dao(idempotency).insertMany(rows);
}

async function noteApplied(session: Session, logId: string, sequence: number): Promise<void> {
  await session.dao(writeBehindLog).upsert({ logId, applied: BigInt(sequence) });
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return `${code}: ${error instanceof Error ? error.message : String(error)}`.slice(0, 500);
}
