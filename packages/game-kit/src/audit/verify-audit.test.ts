import { type AuditCheckpoint, type AuditFinding, AuditKeys, AuditSigner, generateSigningKey } from '@midgard/auth';
import { type Database, sql } from '@midgard/dao';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { auditCheckpoint, auditEntry } from '../entities/audit.ts';
import { codeOf, freshKey, idOf } from '../test/answers.ts';
import { standardGame } from '../test/standard-game.ts';
import { openGame, type OpenGame } from '../testing/open-game.ts';
import { AuditTrail, toCheckpointRow } from './audit-trail.ts';
import { pruneAudit } from './prune-audit.ts';
import { verifyAudit } from './verify-audit.ts';

const key = await generateSigningKey();
const signer = new AuditSigner(key);
const keys = new AuditKeys([key]);
const scope = standardGame.manifest.id;

/** A log of `rows` entries, signed at every third. */
class Log implements AsyncDisposable {
  readonly game: OpenGame;
  readonly copies: AuditCheckpoint[];

  private constructor(game: OpenGame, copies: AuditCheckpoint[]) {
    this.game = game;
    this.copies = copies;
  }

  static async open(rows: number): Promise<Log> {
    const copies: AuditCheckpoint[] = [];
    const game = await openGame(standardGame, { audit: { checkpoints: { signer, everyRows: 1_000_000, sink: (checkpoint) => void copies.push(checkpoint) } } });
    const log = new Log(game, copies);
    const playerId = await idOf(game.call('player.create', { name: 'Mira' }));
    for (let row = 1; row <= rows; row += 1) {
      game.clock.advance(1000);
      await game.call('wallet.credit', { playerId, currency: 'gold', amount: row, reason: `r${row}`, ...freshKey() });
      if (row % 3 === 0) await log.sign();
    }
    return log;
  }

  async sign(): Promise<void> {
    const { database, clock } = this.game;
    const checkpoint = await database.transaction((session) => new AuditTrail({ scope, chain: 0 }).checkpoint(session, signer, clock.now()));
    if (checkpoint !== undefined) this.copies.push(checkpoint);
  }

  get database(): Database {
    return this.game.database;
  }

  run(text: string): Promise<unknown> {
    return this.database.transaction((session) => session.execute(sql.raw(text)));
  }

  async findings(witnesses?: readonly AuditCheckpoint[]): Promise<readonly AuditFinding[]> {
    return (await verifyAudit(this.database, { scope, keys, pageRows: 4, ...(witnesses !== undefined && { witnesses }) })).findings;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.game[Symbol.asyncDispose]();
  }
}

test('a log that nobody touched verifies, with its checkpoints and their copies', async () => {
  await using log = await Log.open(11);
  const heard: bigint[] = [];
  const report = await verifyAudit(log.database, { scope, keys, pageRows: 4, witnesses: log.copies, progress: ({ sequence }) => void heard.push(sequence) });
  expect(report).toEqual({ chains: 1, rows: 11, findings: [] });
  expect(heard).toEqual([4n, 8n, 11n]);
});

/** A change of each column to something else, as somebody with the database's password would make it. */
const columns: Readonly<Record<string, string>> = {
  at: 'at + 1',
  actor: "'somebody'",
  actor_kind: "'player'",
  roles: "'admin'",
  transport: "'x'",
  address: "'x'",
  request_id: "'x'",
  operation: "'wallet.debit'",
  entity: "'x'",
  subject: "'1'",
  outcome: '7',
  changes: `'{"rows":[]}'`,
  previous: "'00'",
  hash: "'00'",
};

test('the table of columns is complete', () => {
  expect(Object.keys(columns).toSorted()).toEqual(
    Object.values(auditEntry.physicalNames)
      .filter((name) => name !== 'chain' && name !== 'sequence')
      .toSorted(),
  );
});

test.each(Object.entries(columns))('a row whose %s was changed is named', async (column, value) => {
  await using log = await Log.open(7);
  const rows = await log.database.read((session) => session.dao(auditEntry).find());
  for (const sequence of [1, 4, 7]) {
    await log.run(`update audit_entry set ${column} = ${value} where sequence = ${sequence}`);
    const findings = await log.findings();
    const faults = column === 'previous' ? ['link', 'changed'] : ['changed'];
    expect(findings.map((finding) => [finding.fault, finding.sequence])).toEqual(faults.map((fault) => [fault, BigInt(sequence)]));
    await log.run('delete from audit_entry');
    await log.database.transaction((session) => session.dao(auditEntry).insertMany(rows));
    expect(await log.findings()).toEqual([]);
  }
});

test('a row that cannot be read any more is named, and the others are looked at', async () => {
  await using log = await Log.open(7);
  await log.run("update audit_entry set changes = '{' where sequence = 3");
  await log.run("update audit_entry set subject = 'x' where sequence = 6");
  expect((await log.findings()).map(({ fault, sequence }) => [fault, sequence])).toEqual([
    ['changed', 3n],
    ['changed', 6n],
  ]);
});

test.each([
  ['a row removed from the middle', 'delete from audit_entry where sequence = 4', [['missing', 4n]]],
  ['the first rows removed', 'delete from audit_entry where sequence <= 3', [['missing', 1n]]],
  ['the last row removed', 'delete from audit_entry where sequence = 7', [['truncated', 7n]]],
  ['all rows removed', 'delete from audit_entry', [['truncated', 1n]]],
  [
    'a row copied behind the end',
    'insert into audit_entry select chain, 8, at, actor, actor_kind, roles, transport, address, request_id, operation, entity, subject, outcome, changes, previous, hash from audit_entry where sequence = 7',
    [
      ['link', 8n],
      ['changed', 8n],
      ['inserted', 8n],
    ],
  ],
  [
    'a row copied into a chain of its own',
    'insert into audit_entry select 5, 1, at, actor, actor_kind, roles, transport, address, request_id, operation, entity, subject, outcome, changes, previous, hash from audit_entry where sequence = 1',
    [
      ['link', 1n],
      ['changed', 1n],
      ['head', 1n],
    ],
  ],
  [
    'two rows exchanged',
    'update audit_entry set sequence = 100 - sequence where sequence in (3, 4); update audit_entry set sequence = case sequence when 97 then 4 else 3 end where sequence > 90',
    [
      ['link', 3n],
      ['changed', 3n],
      ['checkpoint', 3n],
      ['link', 4n],
      ['changed', 4n],
      ['link', 5n],
    ],
  ],
  ['the head removed', 'delete from audit_head', [['head', 7n]]],
  ['the head set back', 'update audit_head set sequence = 6', [['inserted', 7n]]],
  ['the head set forth', 'update audit_head set sequence = 9', [['truncated', 8n]]],
  ['the hash of the head changed', "update audit_head set hash = '00'", [['head', 7n]]],
  ['a checkpoint removed', 'delete from audit_checkpoint where number = 1', [['checkpoint', 0n]]],
  ['the last checkpoint removed', 'delete from audit_checkpoint where number = 2', [['checkpoint', 0n]]],
  ['a checkpoint moved', 'update audit_checkpoint set sequence = 4 where number = 1', [['checkpoint', 4n]]],
  ['a checkpoint with another hash', "update audit_checkpoint set hash = '00' where number = 1", [['checkpoint', 3n]]],
  ['a checkpoint made an anchor', 'update audit_checkpoint set is_anchor = 1 where number = 1', [['checkpoint', 3n]]],
  ['a checkpoint of another key', "update audit_checkpoint set key_id = 'x' where number = 1", [['checkpoint', 3n]]],
  ['a checkpoint of another time', 'update audit_checkpoint set at = at + 1 where number = 1', [['checkpoint', 3n]]],
] as const)('%s is found', async (_, statements, expected) => {
  await using log = await Log.open(7);
  for (const statement of statements.split('; ')) await log.run(statement);
  expect((await log.findings()).map(({ fault, sequence }) => [fault, sequence])).toEqual(expected);
});

test('an end cut off together with its head and checkpoints is found by the copies, and by them alone', async () => {
  await using log = await Log.open(7);
  await log.run('delete from audit_entry where sequence > 2');
  await log.run('delete from audit_checkpoint');
  await log.run('update audit_head set sequence = 2, checkpoints = 0, signed_sequence = 0, hash = (select hash from audit_entry where sequence = 2)');
  expect(await log.findings()).toEqual([]);
  expect((await log.findings(log.copies)).map(({ fault }) => fault)).toEqual(['checkpoint', 'checkpoint', 'truncated']);
});

test('rows written anew with right hashes up to the end are found by the signature', async () => {
  await using log = await Log.open(3);
  const { database } = log;
  const rows = await database.read((session) => session.dao(auditEntry).find());
  for (const table of ['entry', 'head', 'checkpoint']) await log.run(`delete from audit_${table}`);
  await database.transaction(async (session) => {
    for (const row of rows) await new AuditTrail({ scope, chain: 0 }).append(session, { ...row, at: row.at.getTime(), subject: '666' });
    await session.dao(auditCheckpoint).insertMany(log.copies.map(toCheckpointRow));
    await session.execute(sql.raw('update audit_head set checkpoints = 1, signed_sequence = 3'));
  });
  expect((await log.findings()).map(({ fault, sequence }) => [fault, sequence])).toEqual([['checkpoint', 3n]]);
});

test("another database's log does not pass for this one's", async () => {
  await using log = await Log.open(3);
  const { findings } = await verifyAudit(log.database, { scope: 'other', keys });
  expect(findings.length).toBeGreaterThan(0);
});

test('what is pruned up to a checkpoint leaves a log that verifies, and says so', async () => {
  await using log = await Log.open(11);
  const before = log.copies[1]!.at + 1;
  const options = {
    before,
    signer,
    trail: new AuditTrail({ scope, chain: 0 }),
    actor: 'cli:test',
    now: log.game.clock.now(),
    sink: (copy: AuditCheckpoint) => void log.copies.push(copy),
  };
  expect(await pruneAudit(log.database, options)).toEqual([{ chain: 0, checkpoint: 2, rows: 6 }]);
  expect(await log.findings(log.copies)).toEqual([]);
  const entries = await log.database.read((session) => session.dao(auditEntry).find());
  expect(entries.map(({ sequence }) => sequence)).toEqual([7n, 8n, 9n, 10n, 11n, 12n]);
  expect(entries.at(-1)).toMatchObject({ operation: 'audit.prune', actor: 'cli:test' });
  // Nothing more to do, and a row behind the anchor that goes is missed as ever.
  expect(await pruneAudit(log.database, options)).toEqual([]);
  await log.run('delete from audit_entry where sequence = 7');
  expect((await log.findings()).map(({ fault, sequence }) => [fault, sequence])).toEqual([['missing', 7n]]);
});

test('after any writes and refusals, the log has a row for each that was made, and verifies', { timeout: 60_000 }, async () => {
  const step = fc.record({ amount: fc.integer({ min: -6, max: 6 }), who: fc.nat(2), reason: fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 6 }), async (bursts) => {
      await using log = await Log.open(0);
      const players = await Promise.all(['a', 'b', 'c'].map((name) => idOf(log.game.call('player.create', { name }))));
      let made = 0;
      for (const burst of bursts) {
        const codes = await Promise.all(
          burst.map(({ amount, who, reason }) =>
            codeOf(
              log.game.call(amount > 0 ? 'wallet.credit' : 'wallet.debit', {
                playerId: players[who],
                currency: 'gold',
                amount: Math.abs(amount),
                reason,
                ...freshKey(),
              }),
            ),
          ),
        );
        made += codes.filter((code) => code === 0).length;
        await log.sign();
      }
      const report = await verifyAudit(log.database, { scope, keys, pageRows: 3, witnesses: log.copies });
      expect(report).toMatchObject({ rows: made, findings: [] });
    }),
    { numRuns: 25 },
  );
});
