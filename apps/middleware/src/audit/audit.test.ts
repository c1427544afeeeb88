import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { openDatabase, sql } from '@midgard/dao';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { callRealm, createPlayer } from '../testing/realm-http.ts';
import { ServiceProcess } from '../testing/service-process.ts';

const timeout = 120_000;
const Report = z.object({
  isWhole: z.boolean(),
  logs: z.array(z.looseObject({ scope: z.string(), rows: z.int(), findings: z.array(z.looseObject({ fault: z.string() })) })),
});
const Page = z.object({ items: z.array(z.record(z.string(), z.unknown())), nextCursor: z.string().nullable() });

let calls = 0;
const freshKey = () => ({ idempotencyKey: `audit-test-${(calls += 1)}` });

async function verify(service: ServiceProcess, ...args: readonly string[]) {
  const { exitCode, stdout } = await service.command('audit', 'verify', '--json', ...args);
  return { exitCode, ...Report.parse(JSON.parse(stdout)) };
}

async function onDatabase(service: ServiceProcess, file: string, statement: string): Promise<readonly unknown[]> {
  await using database = await openDatabase(`sqlite:${path.join(service.folder, 'data', file)}`);
  return await database.transaction((session) => session.execute(sql.raw(statement)));
}

test('who did what, from where, is found by an admin over the API and by a command, and the log verifies', { timeout }, async () => {
  await using service = new ServiceProcess();
  const started = await service.start();
  const player = await createPlayer(started, 'Mira');
  await callRealm(started, 'POST', `/players/${player}/wallet/credit`, { body: { currency: 'gold', amount: 5, reason: 'quest', ...freshKey() } });
  const admin = (await service.command('keys', 'create', '--game', 'realm', '--role', 'admin')).stdout.trim();
  const operator = (await service.command('keys', 'create', '--game', 'realm', '--role', 'operator')).stdout.trim();
  await callRealm(started, 'DELETE', `/cache/player/${player}`, { key: operator });

  const { items } = Page.parse((await callRealm(started, 'GET', '/audit', { key: admin })).body);
  expect(items).toMatchObject([
    { operation: 'audit.search', transport: 'http', actorKind: 'apiKey', roles: 'admin' },
    { operation: 'cache.drop', entity: 'player', subject: player, roles: 'operator' },
    { operation: 'wallet.credit', entity: 'wallet', subject: player, roles: 'game-server', address: expect.stringContaining('127.0.0.1'), outcome: 0 },
  ]);
  expect(items[2]?.['requestId']).not.toBe('');
  const found = Page.parse((await callRealm(started, 'GET', `/audit?operation=wallet.credit&subject=${player}&limit=1`, { key: admin })).body);
  expect(found.items).toMatchObject([{ operation: 'wallet.credit' }]);
  for (const key of [operator, started.key]) expect((await callRealm(started, 'GET', '/audit', { key })).status).toBe(403);

  const keys = await service.command('audit', 'search', '--game', 'service');
  expect(keys.stdout).toMatch(/cli:\S+ {2}key\.create api_key \S+ done/);
  for (const key of [admin, operator]) expect(keys.stdout + JSON.stringify(items)).not.toContain(key);
  expect(await service.end('SIGTERM')).toBe(0);
  // What a stopped service leaves is signed to its end.
  expect(readdirSync(path.join(service.folder, 'data', 'audit'))).toEqual(['checkpoints-0.jsonl']);
  const report = await verify(service);
  expect(report).toMatchObject({
    exitCode: 0,
    isWhole: true,
    logs: [
      { scope: 'service', rows: 3 },
      { scope: 'realm', rows: 4 },
    ],
  });
});

test('what somebody with the database changes is found, also an end cut off together with its signatures', { timeout }, async () => {
  await using service = new ServiceProcess();
  const started = await service.start();
  const player = await createPlayer(started, 'Mira');
  for (let amount = 1; amount <= 4; amount += 1)
    await callRealm(started, 'POST', `/players/${player}/wallet/credit`, { body: { currency: 'gold', amount, reason: 'r', ...freshKey() } });
  await service.end('SIGTERM');

  await onDatabase(service, 'realm.db', "update audit_entry set actor = 'key:nobody' where sequence = 2");
  const changed = await service.command('audit', 'verify', '--game', 'realm');
  expect([changed.exitCode, changed.stdout]).toEqual([1, '✗ realm: 4 entries in 1 chain, 1 found:\n    chain 0: changed: row 2 was changed\n']);
  await onDatabase(service, 'realm.db', 'delete from audit_entry');
  await onDatabase(service, 'realm.db', 'delete from audit_head');
  await onDatabase(service, 'realm.db', 'delete from audit_checkpoint');
  expect(await verify(service, '--game', 'realm')).toMatchObject({ exitCode: 1, logs: [{ findings: [{ fault: 'checkpoint' }, { fault: 'truncated' }] }] });
  expect((await service.command('audit', 'verify', '--game', 'nothing')).exitCode).toBe(2);
  expect((await service.command('audit', 'verify', '--checkpoints', 'nothing')).exitCode).toBe(2);
});

test('a line that somebody writes into the log stays one harmless line of a terminal', { timeout }, async () => {
  await using service = new ServiceProcess();
  const started = await service.start();
  const player = await createPlayer(started, 'Mira');
  const reason = 'a\u202Eb\u2066c\uFEFFd';
  const { status } = await callRealm(started, 'POST', `/players/${player}/wallet/credit`, { body: { currency: 'gold', amount: 1, reason, ...freshKey() } });
  expect(status).toBe(200);
  const evil = { name: 'Mi\u061Cra', password: 'x' };
  await fetch(`${started.baseUrl}/api/v1/games/realm/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(evil),
  });
  // What no front end lets through: somebody writes it into the table.
  await onDatabase(service, 'realm.db', "update audit_entry set actor = 'x' || char(13, 10, 27) || '[2J' || char(8238, 8232, 155) where sequence = 1");
  for (const args of [[], ['--json']]) {
    const { stdout } = await service.command('audit', 'search', '--game', 'realm', ...args);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(stdout).toContain('\\u001b[2J\\u202e\\u2028\\u009b');
  }
  const { stdout } = await service.command('audit', 'verify');
  expect(stdout).toContain('row 1 was changed');
  expect(stdout).not.toContain('[2J');
});

test('however often it is killed, no write is without its entry and no entry without its write', { timeout: 180_000 }, async () => {
  await using service = new ServiceProcess({ MIDGARD_AUDIT_CHECKPOINT_ROWS: '7' });
  let player = '';
  for (let round = 0; round < 3; round += 1) {
    const started = await service.start();
    if (player === '') player = await createPlayer(started, 'Mira');
    const credit = () =>
      callRealm(started, 'POST', `/players/${player}/wallet/credit`, { body: { currency: 'gold', amount: 1, reason: 'r', ...freshKey() } }).then(
        ({ status }) => status === 200,
        () => false,
      );
    const lanes = Array.from({ length: 8 }, async () => {
      while (await credit());
    });
    // Somewhere within the writes, which go on until it dies.
    for (let done = 0; done < 3; done += 1) await credit();
    await service.end('SIGKILL');
    await Promise.all(lanes);
    const { exitCode, logs } = await verify(service);
    expect([exitCode, logs.flatMap(({ findings }) => findings)]).toEqual([0, []]);
    const entries = await onDatabase(service, 'realm.db', "select count(*) as n from audit_entry where operation = 'wallet.credit'");
    const balance = await onDatabase(service, 'realm.db', 'select balance as n from wallet');
    expect(entries).toEqual(balance);
  }
  expect(readFileSync(path.join(service.folder, 'data', 'audit', 'checkpoints-0.jsonl'), 'utf8').split('\n').length).toBeGreaterThan(1);
});

test('old entries are removed up to a signed row, which is noted, and the rest verifies', { timeout }, async () => {
  await using service = new ServiceProcess({ MIDGARD_AUDIT_CHECKPOINT_ROWS: '2' });
  const started = await service.start();
  const player = await createPlayer(started, 'Mira');
  for (let amount = 1; amount <= 5; amount += 1)
    await callRealm(started, 'POST', `/players/${player}/wallet/credit`, { body: { currency: 'gold', amount, reason: 'r', ...freshKey() } });
  await service.end('SIGTERM');
  const pruned = await service.command('audit', 'prune', '--game', 'realm', '--before', new Date(Date.now() + 1000).toISOString());
  expect([pruned.exitCode, pruned.stdout]).toEqual([0, expect.stringMatching(/^realm: chain 0: 5 entries removed, up to checkpoint \d\n$/)]);
  expect(await verify(service)).toMatchObject({ exitCode: 0, isWhole: true });
  expect((await service.command('audit', 'search', '--game', 'realm')).stdout).toMatch(/audit\.prune audit_entry 0 done/);
});

test('commands on keys that sign and encrypt leave entries before they are done, without the keys', { timeout: 180_000 }, async () => {
  const plugin = new URL('../testing/mail-game.ts', import.meta.url).href;
  await using service = new ServiceProcess({ MIDGARD_GAMES_MAIL_PACKAGE: plugin });
  const started = await service.start();
  await service.end('SIGTERM');
  expect(started.key).not.toBe('');
  const keys = async (): Promise<{ kid: string }[]> => JSON.parse((await service.command('signing-keys', 'list', '--json')).stdout);
  const [old] = await keys();
  for (const args of [
    ['signing-keys', 'rotate', '--publish-seconds', '0'],
    ['signing-keys', 'prune', old?.kid ?? ''],
    ['signing-keys', 'prune', 'nothing'],
    ['signing-keys', 'prune'],
    ['encryption', 'rotate', '--game', 'mail'],
    ['encryption', 'rewrap'],
    ['encryption', 'status'],
    ['encryption', 'rotate', '--game', 'realm'],
  ])
    await service.command(...args);
  const { stdout } = await service.command('audit', 'search', '--game', 'service', '--json');
  const entries = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const made = (await keys()).find(({ kid }) => kid !== old?.kid)?.kid;
  expect(entries.filter(({ entity }) => entity !== 'api_key').toReversed()).toMatchObject([
    { operation: 'signingKey.rotate', subject: made, transport: 'cli', changes: { algorithm: 'EdDSA' } },
    { operation: 'signingKey.prune', subject: old?.kid },
    { operation: 'encryption.rotate', subject: 'mail', changes: { databases: ['mail'] } },
    { operation: 'encryption.rewrap', subject: '*', changes: { databases: ['mail'] } },
  ]);
});
