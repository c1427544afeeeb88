import { type AuditFacts, AuditKeys } from '@midgard/auth';
import { type Database, openDatabase } from '@midgard/dao';
import { expect, test } from 'vitest';
import { auditEntities } from '../entities/audit.ts';
import { AuditTrail } from './audit-trail.ts';
import { verifyAudit } from './verify-audit.ts';

const facts: AuditFacts = {
  at: Date.UTC(2026, 0, 1),
  actor: 'somebody',
  actorKind: 'service',
  roles: '',
  transport: 'cli',
  address: '',
  requestId: '',
  operation: 'key.create',
  entity: 'api_key',
  subject: 'k',
  outcome: 0,
  changes: {},
};

async function freshLog(): Promise<Database> {
  const database = await openDatabase('sqlite::memory:');
  await database.migrate(auditEntities);
  return database;
}

async function append(database: Database, trail: AuditTrail): Promise<void> {
  trail.committed(await database.transaction((session) => trail.append(session, facts)));
}

const verified = async (database: Database) => verifyAudit(database, { scope: 'game', keys: new AuditKeys([]) });

test('two writers of one chain by turns, each behind what it last committed itself: one line', async () => {
  await using database = await freshLog();
  const [one, other] = [new AuditTrail({ scope: 'game', chain: 0 }), new AuditTrail({ scope: 'game', chain: 0 })];
  for (const trail of [one, one, other, one, other, other, one]) await append(database, trail);
  expect(await verified(database)).toEqual({ chains: 1, rows: 7, findings: [] });
});

test('what was rolled back leaves no gap', async () => {
  await using database = await freshLog();
  const trail = new AuditTrail({ scope: 'game', chain: 0 });
  await append(database, trail);
  const failing = database.transaction(async (session) => {
    await trail.append(session, facts);
    throw new Error('the commit fails');
  });
  await expect(failing).rejects.toThrow('the commit fails');
  await append(database, trail);
  expect(await verified(database)).toEqual({ chains: 1, rows: 2, findings: [] });
});
