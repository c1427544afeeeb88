import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Database } from '../database.ts';
import { bool, type Column, defineEntity, id, json, openDatabase, text, version } from '../index.ts';
import { contact, contactRow, encryptedSamples, encryptionForTest, tamper } from '../testing/encrypted-sample.ts';
import { keyRecord } from './key-records.ts';
import { type KeyWrapper, localKeyWrapper } from './key-wrapper.ts';
import type { EncryptionOptions } from './options.ts';

function emptyUrl(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'midgard-keys-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return `sqlite:${folder}/keys.db`;
}

async function open(url: string, changes: Partial<EncryptionOptions> = {}): Promise<Database> {
  const database = await openDatabase(url, encryptionForTest(changes));
  onTestFinished(() => database.close());
  return database;
}

async function opened(url: string, changes: Partial<EncryptionOptions> = {}): Promise<Database> {
  const database = await open(url, changes);
  await database.migrate(encryptedSamples);
  return database;
}

const insert = (database: Database, rowId: bigint): Promise<unknown> => database.transaction((session) => session.dao(contact).insert(contactRow(rowId)));
const get = (database: Database, rowId: bigint): Promise<unknown> => database.read((session) => session.dao(contact).get(rowId));
const kek = (fill: number): KeyWrapper => localKeyWrapper(Buffer.alloc(32, fill));

test('of two instances that make the first keys at once, both go on with the same ones', async () => {
  const url = emptyUrl();
  await using plain = await openDatabase(url);
  await plain.migrate([]);
  const both = await Promise.all([opened(url), opened(url)]);
  await Promise.all(both.map((database, at) => insert(database, BigInt(at))));
  for (const database of both) expect(await Promise.all([get(database, 0n), get(database, 1n)])).toMatchObject([{ id: 0n }, { id: 1n }]);
  expect(await both[0]?.read((session) => session.dao(keyRecord).count())).toBe(2);
});

test('what an instance reads under a key that another has just begun it learns at once, in a read and in a transaction', async () => {
  const url = emptyUrl();
  const never = 3_600_000;
  const [reading, writing, other] = await Promise.all([opened(url, { refreshMs: never }), opened(url, { refreshMs: never }), opened(url, { refreshMs: 1 })]);
  await insert(reading, 1n);
  await insert(writing, 2n);
  await other.encryption?.rotate(encryptedSamples);
  expect(await get(reading, 1n)).toMatchObject({ id: 1n });
  expect(await writing.transaction((session) => session.dao(contact).update(2n, { visits: 1 }))).toMatchObject({ visits: 1 });
});

test('an instance encrypts soon with a key that another has begun', async () => {
  const url = emptyUrl();
  const [one, other] = await Promise.all([opened(url, { refreshMs: 5 }), opened(url, { refreshMs: 1 })]);
  await other.encryption?.rotate(encryptedSamples);
  const keysInUse = async (): Promise<Set<number | null>> => {
    await one.transaction((session) => session.dao(contact).upsert(contactRow(1n)));
    return new Set(((await other.encryption?.status(encryptedSamples))?.values ?? []).map(({ key }) => key));
  };
  await expect.poll(keysInUse).toEqual(new Set([2]));
});

test('a key that was wrapped by another key-encryption key is refused, and says which one', async () => {
  const url = emptyUrl();
  await (await opened(url, { keyWrapper: kek(1) })).close();
  const wrong = await open(url, { keyWrapper: kek(2) });
  await expect(wrong.migrate(encryptedSamples)).rejects.toMatchObject({ code: 'ERR_DAO_KEY', message: expect.stringContaining(kek(1).id) });
  await expect(get(wrong, 1n)).rejects.toMatchObject({ code: 'ERR_DAO_KEY' });
});

test('keys are wrapped anew under another key-encryption key, and no row is touched', async () => {
  const url = emptyUrl();
  const before = await opened(url, { keyWrapper: kek(1) });
  await insert(before, 1n);
  const stored = await tamper(before, contact, (dao) => dao.find());
  const between = await open(url, { keyWrapper: kek(2), formerKeyWrappers: [kek(1)] });
  expect(await get(between, 1n)).toMatchObject({ id: 1n });
  expect([await between.encryption?.rewrap(), await between.encryption?.rewrap()]).toEqual([2, 0]);
  const after = await open(url, { keyWrapper: kek(2) });
  expect(await get(after, 1n)).toMatchObject({ email: 'player-1@example.org' });
  expect(await tamper(after, contact, (dao) => dao.find())).toEqual(stored);
  expect((await after.encryption?.status([]))?.keys.map(({ wrappedBy }) => wrappedBy)).toEqual([kek(2).id]);
  await expect(get(await open(url, { keyWrapper: kek(1) }), 1n)).rejects.toMatchObject({ code: 'ERR_DAO_KEY' });
});

test('the record of one data key does not pass for another', async () => {
  const url = emptyUrl();
  const first = await opened(url);
  await first.transaction(async (session) => {
    const dao = session.dao(keyRecord);
    await dao.update(1, { wrapped: (await dao.get(0))?.wrapped ?? new Uint8Array() });
  });
  await expect(get(await open(url), 1n)).rejects.toMatchObject({ code: 'ERR_DAO_KEY' });
});

test('a data key that is gone is said so', async () => {
  const url = emptyUrl();
  const database = await opened(url);
  await insert(database, 1n);
  await tamper(database, contact, async (dao) => {
    const email = Buffer.from((await dao.get({ id: 1n }))?.['email'] instanceof Uint8Array ? Buffer.alloc(60, 1) : Buffer.alloc(0));
    await dao.update({ id: 1n }, { email });
  });
  await expect(get(database, 1n)).rejects.toMatchObject({ code: 'ERR_DAO_DECRYPT', message: expect.stringContaining('data key 16843009') });
});

test('a stored value whose format or data key has any one bit flipped is refused', async () => {
  const database = await opened('sqlite::memory:');
  await insert(database, 1n);
  const stored = await tamper(database, contact, async (dao) => (await dao.get({ id: 1n }))?.['data']);
  for (let bit = 0; bit < 5 * 8; bit += 1) {
    const data = stored instanceof Uint8Array ? Uint8Array.from(stored, (byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)) : undefined;
    await tamper(database, contact, (dao) => dao.update({ id: 1n }, { data }));
    await expect(get(database, 1n), `bit ${bit}`).rejects.toMatchObject({ code: 'ERR_DAO_DECRYPT', columns: ['data'] });
  }
});

test('a key management service wraps and unwraps with what the key is, and its failure names the key and holds no secret', async () => {
  const url = emptyUrl();
  const seen: string[] = [];
  let isDown = false;
  const service: KeyWrapper = {
    id: 'kms:eu/players',
    wrap: async (key, context) => {
      seen.push(`wrap ${context}`);
      return Uint8Array.from(key, (byte) => byte ^ 0xff);
    },
    unwrap: async (wrapped, context) => {
      if (isDown) throw new TypeError('the service is down');
      seen.push(`unwrap ${context}`);
      return Uint8Array.from(wrapped, (byte) => byte ^ 0xff);
    },
  };
  const database = await opened(url, { keyWrapper: service });
  await insert(database, 1n);
  expect(await get(database, 1n)).toMatchObject({ id: 1n });
  expect(seen).toEqual(['wrap midgard search root', 'wrap midgard data key 1', 'unwrap midgard search root', 'unwrap midgard data key 1']);
  isDown = true;
  await expect(get(await open(url, { keyWrapper: service }), 1n)).rejects.toMatchObject({
    code: 'ERR_DAO_KEY',
    message: 'data key 0 cannot be unwrapped by kms:eu/players',
  });
});

test('a data key that has encrypted as many values as it may is followed by the next one by itself', async () => {
  const database = await opened(emptyUrl(), { maxValuesPerKey: 20, refreshMs: 5 });
  for (let rowId = 0n; rowId < 4n; rowId += 1n) await insert(database, rowId);
  await expect.poll(async () => (await database.encryption?.status([]))?.keys.map(({ id: key }) => key)).toEqual(expect.arrayContaining([1, 2]));
  expect(await get(database, 1n)).toMatchObject({ id: 1n });
});

test('a query that takes an older answer asks the database: no cache holds what was decrypted', async () => {
  const answer = vi.fn((_query: unknown, ask: () => Promise<never>) => ask());
  const database = await openDatabase('sqlite::memory:', { ...encryptionForTest(), queryCache: { answer, written: () => undefined } });
  onTestFinished(() => database.close());
  await database.migrate(encryptedSamples);
  await insert(database, 1n);
  expect(await database.read((session) => session.dao(contact).find({ maxAgeMs: 60_000 }))).toHaveLength(1);
  expect(await database.read((session) => session.dao(contact).count({}, { maxAgeMs: 60_000 }))).toBe(1);
  expect(answer).not.toHaveBeenCalled();
});

test('a column that becomes encrypted is another column: what was plain is not taken for ciphertext', async () => {
  const url = emptyUrl();
  const columns = { id: id(), name: text(8), note: text(8).nullable() };
  await using plain = await openDatabase(url);
  await plain.migrate([defineEntity('thing', { columns, key: ['id'] })]);
  const database = await open(url);
  const nullable = defineEntity('thing', { columns: { ...columns, note: columns.note.encrypted() }, key: ['id'] });
  expect(await database.migrate([nullable])).toEqual(['alter table "thing" add column "note_enc" blob']);
  const required = defineEntity('thing', { columns: { ...columns, name: columns.name.encrypted() }, key: ['id'] });
  await expect(database.migrate([required])).rejects.toMatchObject({ code: 'ERR_DAO_SCHEMA' });
});

/** What no type lets a caller do. */
function encrypt(column: Column, ...options: readonly object[]): unknown {
  const method: unknown = Reflect.get(column, 'encrypted');
  return typeof method === 'function' ? Reflect.apply(method, column, options) : undefined;
}

test.each([
  ['an id', () => encrypt(id())],
  ['the version', () => encrypt(version())],
  ['a searchable document', () => encrypt(json(), { searchable: true })],
  ['a searchable bool', () => encrypt(bool(), { searchable: true })],
  [
    'a name too long for its suffix',
    () => Reflect.apply(defineEntity, undefined, ['thing', { columns: { id: id(), [`n${'a'.repeat(27)}`]: text(8).encrypted() }, key: ['id'] }]),
  ],
  ['a name that its suffix makes another', () => defineEntity('thing', { columns: { id: id(), a: text(8).encrypted(), aEnc: text(8) }, key: ['id'] })],
  ['a name of its hash', () => defineEntity('thing', { columns: { id: id(), a: text(8).encrypted({ searchable: true }), aIdx: text(8) }, key: ['id'] })],
])('%s cannot be encrypted', (_title, make) => {
  expect(make).toThrow(expect.objectContaining({ code: 'ERR_DAO_SCHEMA' }));
});

test.each<[string, object]>([
  ['key', { key: ['secret'] }],
  ['cached thing', { key: ['id'], cacheBy: 'secret' }],
  ['shard', { key: ['id'], shardBy: 'secret' }],
  ['index', { key: ['id'], indexes: [{ on: ['hidden'] }] }],
])('an encrypted column names no %s', (_title, definition) => {
  const columns = { id: id(), secret: text(8).encrypted({ searchable: true }), hidden: text(8).encrypted() };
  expect(() => Reflect.apply(defineEntity, undefined, ['thing', { columns, ...definition }])).toThrow(expect.objectContaining({ code: 'ERR_DAO_SCHEMA' }));
});

test.each([
  { refreshMs: 0 },
  { refreshMs: 3_600_001 },
  { maxValuesPerKey: 2 ** 31 + 1 },
  { keyWrapper: { ...kek(1), id: '' } },
  { keyWrapper: { ...kek(1), id: 'a\nb' } },
])('options out of range are refused: %j', async (changes) => {
  await expect(openDatabase('sqlite::memory:', encryptionForTest(changes))).rejects.toMatchObject({ code: 'ERR_DAO_INPUT' });
});
