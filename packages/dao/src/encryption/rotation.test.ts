import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { processTimers } from '@midgard/pool';
import { expect, onTestFinished, test } from 'vitest';
import { type Database, localKeyWrapper, openDatabase } from '../index.ts';
import { systemClock } from '../clock.ts';
import { intercepted } from '../sharding/test/sharded-fixture.ts';
import { contact, contactRow, encryptedSamples, encryptionForTest, tamper } from '../testing/encrypted-sample.ts';
import type { KeyStore } from './key-records.ts';
import { Keyring } from './keyring.ts';
import { Rotation } from './rotation.ts';

const kek = Buffer.alloc(32, 9);
const ids = Array.from({ length: 100 }, (_, at) => BigInt(at));

async function filled(): Promise<{ readonly url: string; readonly database: Database }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'midgard-rotation-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const url = `sqlite:${folder}/rotation.db`;
  const database = await openDatabase(url, encryptionForTest({ keyWrapper: localKeyWrapper(kek), refreshMs: 5 }));
  onTestFinished(() => database.close());
  await database.migrate(encryptedSamples);
  await database.transaction((session) => session.dao(contact).insertMany(ids.map((id) => contactRow(id))));
  return { url, database };
}

/** @returns how many e-mail addresses are under which key */
async function emails({ encryption }: Database): Promise<Record<string, number>> {
  const { values = [] } = (await encryption?.status(encryptedSamples)) ?? {};
  return Object.fromEntries(values.filter(({ column }) => column === 'email').map(({ key, values: count }) => [String(key), count]));
}

test('a rotation that is killed is gone on with under the same key, and every value reads as before', async () => {
  const { url, database } = await filled();
  const before = await database.read((session) => session.dao(contact).find());
  for (const rows of ['30', '70']) {
    const file = new URL('test/rotating-process.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, ['--conditions=@midgard/source', file, url, kek.toString('hex'), rows], { stdio: 'inherit' });
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    expect(await emails(database)).toEqual({ 1: 100 - Number(rows), 2: Number(rows) });
    expect((await database.encryption?.status([]))?.keys.at(-1)).toMatchObject({ id: 2, isRotating: true });
    expect(await database.read((session) => session.dao(contact).find())).toEqual(before);
  }
  expect(await database.encryption?.rotate(encryptedSamples)).toMatchObject({ keys: [2], renewed: 30 * contact.encrypted.length - 30 * 4 });
  expect(await emails(database)).toEqual({ 2: 100 });
  expect(await database.read((session) => session.dao(contact).find())).toEqual(before);
  expect((await database.encryption?.rotate(encryptedSamples))?.keys).toEqual([3]);
});

test('what is written between the reading of a page and its encryption anew is not lost', async () => {
  const { database } = await filled();
  const store: KeyStore = {
    read: (work) => database.read(work),
    transaction: (work) => database.transaction(work),
    migrate: (entities) => database.migrate(entities),
  };
  const keyring = new Keyring({ keyWrapper: localKeyWrapper(kek), refreshMs: 1 }, { store, clock: systemClock, timers: processTimers });
  onTestFinished(() => keyring.close());
  let isFirst = true;
  const overtaken = intercepted(database, async (name, run) => {
    if (name === 'transaction' && isFirst) {
      isFirst = false;
      await database.transaction(async (session) => {
        await session.dao(contact).update(1n, { note: 'written meanwhile', email: 'meanwhile@example.org' });
        await session.dao(contact).delete(2n);
      });
    }
    return run();
  });
  await new Rotation(overtaken, keyring, {}).run(encryptedSamples);
  expect(await database.read((session) => session.dao(contact).get(1n))).toMatchObject({
    note: 'written meanwhile',
    email: 'meanwhile@example.org',
    version: 2,
  });
  expect(await database.read((session) => session.dao(contact).get(2n))).toBeUndefined();
  expect(await emails(database)).toEqual({ 2: 99 });
});

test('two that rotate at once begin one key, and both end well', async () => {
  const { url, database } = await filled();
  await using other = await openDatabase(url, encryptionForTest({ keyWrapper: localKeyWrapper(kek), refreshMs: 5 }));
  const reports = await Promise.all([database, other].map(async ({ encryption }) => encryption?.rotate(encryptedSamples, { batchRows: 9 })));
  expect(reports.map((report) => report?.keys)).toEqual([[2], [2]]);
  expect(await emails(database)).toEqual({ 2: 100 });
});

test('a value that somebody has damaged is told of, and keeps no other one under the old key', async () => {
  const { database } = await filled();
  await tamper(database, contact, async (dao) => dao.update({ id: 7n }, { data: (await dao.get({ id: 8n }))?.['data'] }));
  expect(await database.encryption?.rotate(encryptedSamples)).toMatchObject({ unreadable: 1 });
  expect(await emails(database)).toEqual({ 1: 1, 2: 99 });
  expect((await database.encryption?.status([]))?.keys.at(-1)).toMatchObject({ id: 2, isRotating: false });
});

test('a rotation that is stopped says so, and the next one goes on', async () => {
  const { database } = await filled();
  const stop = new AbortController();
  const stopped = database.encryption?.rotate(encryptedSamples, { batchRows: 10, signal: stop.signal, onProgress: ({ rows }) => rows === 50 && stop.abort() });
  await expect(stopped).rejects.toMatchObject({ code: 'ERR_DAO_TIMEOUT' });
  expect(await emails(database)).toEqual({ 1: 50, 2: 50 });
  expect(await database.encryption?.rotate(encryptedSamples)).toMatchObject({ keys: [2] });
});

test.each([0, 1001, 1.5])('%d rows make no batch', async (batchRows) => {
  const { database } = await filled();
  await expect(database.encryption?.rotate(encryptedSamples, { batchRows })).rejects.toMatchObject({ code: 'ERR_DAO_INPUT' });
});
