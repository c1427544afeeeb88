import type { Row } from '@midgard/dao';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { auditEntry } from '../entities/audit.ts';
import { standardEntities } from '../entities/index.ts';
import { standardOperations } from '../operations/index.ts';
import { codeOf, fieldsOf, freshKey, idOf } from '../test/answers.ts';
import { standardGame } from '../test/standard-game.ts';
import { openGame, type OpenGame, playerCaller, service } from '../testing/open-game.ts';

const Tokens = z.looseObject({ accessToken: z.string(), refreshToken: z.string() });
const password = 'correct horse 🐎 battery';

function entriesOf(game: OpenGame): Promise<readonly Row<typeof auditEntry>[]> {
  return game.database.read((session) => session.dao(auditEntry).find({ orderBy: ['chain', 'sequence'] }));
}

test('a sensitive write leaves an entry: who, from where, to what, before and after', async () => {
  await using game = await openGame(standardGame);
  const playerId = await idOf(game.call('player.create', { name: 'Mira' }));
  const credit = { playerId, currency: 'gold', amount: 5, reason: 'quest' };
  await game.call('wallet.credit', { ...credit, ...freshKey() });
  const operation = game.runtime.operation('wallet.credit')!;
  const origin = { transport: 'http', address: '192.0.2.7', requestId: 'r-1' };
  await game.runtime.execute({ operation, input: { ...credit, ...freshKey() }, caller: service, origin });
  const [, second, ...others] = await entriesOf(game);
  expect(others).toEqual([]);
  expect(second).toMatchObject({
    chain: 0,
    sequence: 2n,
    actor: 'server:test',
    actorKind: 'service',
    roles: 'game-server',
    transport: 'http',
    address: '192.0.2.7',
    requestId: 'r-1',
    operation: 'wallet.credit',
    entity: 'wallet',
    subject: playerId,
    outcome: 0,
  });
  expect(Reflect.get(Object(second?.changes), 'rows')).toEqual([
    expect.objectContaining({ entity: 'wallet', key: `["${playerId}","gold"]`, before: { balance: '5', version: 1 }, after: { balance: '10', version: 2 } }),
    expect.objectContaining({ entity: 'wallet_entry', before: null, after: expect.objectContaining({ delta: '-5', reason: 'quest' }) }),
    expect.objectContaining({ entity: 'wallet_entry', before: null, after: expect.objectContaining({ delta: '5' }) }),
  ]);
});

test('what is refused, repeated or not sensitive leaves no entry', async () => {
  await using game = await openGame(standardGame);
  const playerId = await idOf(game.call('player.create', { name: 'Mira' }));
  await game.call('player.update', { id: playerId, level: 3 });
  const credit = { playerId, currency: 'gold', amount: 5, reason: 'r', ...freshKey() };
  expect(await game.call('wallet.credit', credit)).toEqual(await game.call('wallet.credit', credit));
  expect(await codeOf(game.call('wallet.debit', { ...credit, amount: 6, ...freshKey() }))).toBe(2007);
  expect((await entriesOf(game)).map(({ operation }) => operation)).toEqual(['wallet.credit']);
});

test('a ban is noted with the state before it', async () => {
  await using game = await openGame(standardGame);
  const id = await idOf(game.call('player.create', { name: 'Mira' }));
  await game.call('player.update', { id, status: 'banned' });
  const [entry] = await entriesOf(game);
  expect(entry).toMatchObject({ operation: 'player.update', entity: 'player', subject: id });
  const row = { entity: 'player', before: expect.objectContaining({ status: 'active' }), after: expect.objectContaining({ status: 'banned' }) };
  expect(Reflect.get(Object(entry?.changes), 'rows')).toContainEqual(expect.objectContaining(row));
});

test('log-ins, failed ones and the second use of a refresh token are noted, ordinary refreshes are not', async () => {
  await using game = await openGame(standardGame);
  await game.call('player.create', { name: 'Mira', password });
  expect(await codeOf(game.call('auth.login', { name: 'Mira', password: 'wrong' }, null))).toBe(3003);
  expect(await codeOf(game.call('auth.login', { name: 'Nobody', password }, null))).toBe(3003);
  const { refreshToken } = await fieldsOf(game.call('auth.login', { name: 'Mira', password }, null));
  await game.call('auth.refresh', { refreshToken }, null);
  expect(await codeOf(game.call('auth.refresh', { refreshToken }, null))).toBe(3003);
  await game.call('auth.logout', { refreshToken });
  const entries = await entriesOf(game);
  expect(entries.map(({ operation, subject, outcome, actor }) => [operation, operation === 'auth.login' ? subject : '', outcome, actor])).toEqual([
    ['auth.login', 'Mira', 3003, 'anonymous'],
    ['auth.login', 'Nobody', 3003, 'anonymous'],
    ['auth.login', 'Mira', 0, 'anonymous'],
    ['auth.refresh', '', 3003, 'anonymous'],
    ['auth.logout', '', 0, 'server:test'],
  ]);
  // The refusal that committed says in the same transaction what it revoked.
  expect(JSON.stringify(entries[3]?.changes)).toContain('revokedAt');
});

test('no password, token or hash of one is in an entry, wherever a caller puts it', async () => {
  await using game = await openGame(standardGame);
  const id = await idOf(game.call('player.create', { name: 'Mira', password, attributes: { apiKey: 'k-secret-1', note: 'Bearer abcdefgh12345678' } }));
  const tokens = Tokens.parse(await game.call('auth.login', { name: 'Mira', password }, null));
  await codeOf(game.call('auth.login', { name: 'Mira', password: 'wrong-secret-2' }, null));
  await codeOf(game.call('auth.refresh', { refreshToken: 'wrong-secret-3' }, null));
  const order = {
    playerId: id,
    product: 'p',
    quantity: 1,
    currency: 'EUR',
    amount: 1,
    metadata: { cardToken: 'k-secret-4', deep: { password: 'k-secret-5' } },
  };
  await game.call('order.create', { ...order, ...freshKey() });
  await game.call('auth.logout', { refreshToken: tokens.refreshToken });
  await game.call('player.delete', { id });
  const text = JSON.stringify(await entriesOf(game), (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  expect(text).toContain('[redacted]');
  for (const secret of [password, 'secret-', 'argon2', 'abcdefgh12345678', tokens.refreshToken, tokens.accessToken]) expect(text).not.toContain(secret);
  expect(text).not.toMatch(/"hash":"(?!\[redacted\])[^"]*"[^}]*"familyId"/);
});

test('what a caller sends cannot break an entry or keep an act out of the log', async () => {
  await using game = await openGame(standardGame);
  const playerId = await idOf(game.call('player.create', { name: 'Mira' }));
  const evil = 'a\r\nfake entry\u001B[2J\u202Eevil\u2028';
  const operation = game.runtime.operation('order.create')!;
  const input = { playerId, product: 'p', quantity: 1, currency: 'EUR', amount: 1, metadata: { note: evil, long: 'x'.repeat(10_000) }, ...freshKey() };
  const caller = { ...playerCaller(BigInt(playerId)), subject: evil };
  const origin = { transport: 'http', address: 'z'.repeat(1000), requestId: `\u0000${evil}${'🐉'.repeat(500)}` };
  await game.runtime.execute({ operation, input, caller, origin });
  const entries = await entriesOf(game);
  expect(entries).toHaveLength(1);
  expect(entries[0]).toMatchObject({ actor: evil, address: 'z'.repeat(64), operation: 'order.create' });
  expect(Array.from(entries[0]?.requestId ?? '')).toHaveLength(128);
  expect(JSON.stringify(entries[0]?.changes).length).toBeLessThan(5000);
});

test('a write whose entry cannot be written is not made', async () => {
  await using game = await openGame(standardGame);
  const playerId = await idOf(game.call('player.create', { name: 'Mira' }));
  const facts = { at: 0, actor: '', actorKind: '', roles: '', transport: '', address: '', requestId: '', operation: '', entity: '', subject: '', outcome: 0 };
  const entry = { ...facts, at: new Date(), chain: 0, sequence: 1n, changes: null, previous: '', hash: '' };
  // In the way of the next one.
  await game.database.transaction((session) => session.dao(auditEntry).insert(entry));
  expect(await codeOf(game.call('wallet.credit', { playerId, currency: 'gold', amount: 5, reason: 'r', ...freshKey() }))).not.toBe(0);
  expect(await game.call('wallet.get', { playerId })).toEqual({ playerId, balances: {} });
});

/** Writes that are no matter for the log: say why beside a new one. */
const notSensitive = ['player.create', 'character.create', 'character.update', 'character.delete'];

test('every standard write is sensitive, or said not to be', () => {
  const open = standardOperations().filter(({ kind, audit }) => kind === 'write' && audit === undefined);
  expect(open.map(({ name }) => name)).toEqual(notSensitive);
  expect(standardEntities.map(({ name }) => name)).toEqual(expect.arrayContaining(['audit_entry', 'audit_head', 'audit_checkpoint']));
});
