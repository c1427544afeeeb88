import { sql } from 'drizzle-orm';
import { afterEach, expect, test, vi } from 'vitest';
import type { Session } from '../database.ts';
import { defineEntity } from '../entity.ts';
import { id, text } from '../column.ts';
import { DriverError, Script, scriptedDatabase } from './test/scripted.ts';

const thing = defineEntity('thing', { columns: { id: id(), name: text(10) }, key: ['id'] });
const deadlock = (): DriverError => new DriverError({ code: 'ERR_DAO_CONFLICT', isRolledBack: true });
const lost = (): DriverError => new DriverError({ code: 'ERR_DAO_UNAVAILABLE', isLost: true });
const insert = (session: Session): Promise<unknown> => session.dao(thing).insert({ id: 1n, name: 'a' });

afterEach(() => vi.useRealTimers());

test('a transaction is begun by its first statement, committed, and its mark is told', async () => {
  const script = new Script();
  script.commits.push('0-1-7');
  const database = scriptedDatabase(script);
  const session = await database.transaction(async (inner) => {
    await insert(inner);
    return inner;
  });
  expect(script.log).toEqual(['1 begin serializable', '1 insert', '1 commit']);
  expect([session.mark, script.noted, script.released]).toEqual(['0-1-7', ['0-1-7'], 1]);
});

test('a transaction that writes nothing notes no commit, and one that does nothing costs no round trip', async () => {
  const script = new Script();
  const database = scriptedDatabase(script);
  await database.transaction((session) => session.dao(thing).get(1n));
  await database.transaction(() => 1);
  expect(script.log).toEqual(['1 begin serializable', '1 select', '1 commit']);
  expect(script.noted).toEqual([]);
});

test('work that met a deadlock runs again in a session of its own', async () => {
  const script = new Script();
  script.replies.push(deadlock());
  const retried: unknown[] = [];
  const database = scriptedDatabase(script, { listener: { retried: (event) => retried.push(event) } });
  const sessions = new Set<Session>();
  await database.transaction(async (session) => {
    sessions.add(session);
    await insert(session);
  });
  expect(sessions.size).toBe(2);
  expect(script.log).toEqual(['1 begin serializable', '1 insert', '1 rollback', '1 begin serializable', '1 insert', '1 commit']);
  expect(retried).toEqual([{ attempt: 1, code: 'ERR_DAO_CONFLICT' }]);
});

test('a deadlock that the work catches is no success: nothing of it is committed by halves', async () => {
  const script = new Script();
  script.replies.push({ rows: [], affected: 1 }, deadlock());
  const database = scriptedDatabase(script);
  const outcome = database.transaction(
    async (session) => {
      await insert(session);
      await insert(session).catch(() => undefined);
    },
    { maxAttempts: 1 },
  );
  await expect(outcome).rejects.toMatchObject({ code: 'ERR_DAO_CONFLICT' });
  expect(script.log).not.toContain('1 commit');
});

test('after the last attempt the caller hears of the conflict, and the connection goes on', async () => {
  const script = new Script();
  script.replies.push(deadlock(), deadlock());
  const database = scriptedDatabase(script);
  await expect(database.transaction(insert, { maxAttempts: 2 })).rejects.toMatchObject({ code: 'ERR_DAO_CONFLICT' });
  expect([script.released, script.discarded]).toEqual([1, 0]);
});

test('a lost connection is told and not tried again, unless the work may be repeated', async () => {
  const script = new Script();
  script.replies.push(lost(), lost());
  const database = scriptedDatabase(script);
  await expect(database.transaction(insert)).rejects.toMatchObject({ code: 'ERR_DAO_UNAVAILABLE' });
  await database.transaction(insert, { isRepeatable: true });
  expect([script.log.filter((entry) => entry.endsWith('insert')).length, script.made > 1]).toEqual([3, true]);
});

test('a commit that nobody answers is told as unavailable in the end, and its connection is never lent again', async () => {
  vi.useFakeTimers();
  const script = new Script();
  script.commits.push(new Promise<string>(() => undefined));
  const database = scriptedDatabase(script, { timeoutMs: 100 });
  const outcome = database.transaction(insert).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await outcome).toMatchObject({ code: 'ERR_DAO_UNAVAILABLE' });
  expect([script.released, script.discarded]).toEqual([0, 1]);
});

test('a repeatable transaction whose commit nobody answered is not told that nothing was written, though its time is up when it runs again', async () => {
  vi.useFakeTimers();
  const script = new Script();
  script.commits.push(new Promise<string>(() => undefined));
  const database = scriptedDatabase(script, { timeoutMs: 100 });
  const outcome = database.transaction(insert, { isRepeatable: true }).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await outcome).toMatchObject({ code: 'ERR_DAO_UNAVAILABLE' });
  // Nor was the silent connection asked for anything else.
  expect(script.log.filter((entry) => entry.startsWith('1 ')).slice(-2)).toEqual(['1 commit', '1 destroy']);
});

test('a statement that the work does not wait for, and that never ends, holds the caller no longer than two seconds, and nothing is committed', async () => {
  vi.useFakeTimers();
  const script = new Script();
  script.replies.push(new Promise(() => undefined));
  const database = scriptedDatabase(script, { timeoutMs: 100 });
  const outcome = database
    .transaction((session) => {
      void insert(session).catch(() => undefined);
    })
    .catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(2000);
  expect(await outcome).toMatchObject({ code: 'ERR_DAO_TIMEOUT' });
  expect([script.log.includes('1 commit'), script.discarded, script.released]).toEqual([false, 1, 0]);
});

test('a read whose connection is lost runs again on another one, but not for ever', async () => {
  const script = new Script();
  script.replies.push(lost());
  const database = scriptedDatabase(script);
  const read = (): Promise<unknown> => database.read((session) => session.dao(thing).get(1n));
  expect([await read(), script.made]).toEqual([undefined, 2]);
  script.replies.push(...Array.from({ length: 20 }, lost));
  await expect(read()).rejects.toMatchObject({ code: 'ERR_DAO_UNAVAILABLE' });
  expect(script.made).toBeLessThan(6);
});

test('a read outlives a server whose connections break one after the other', async () => {
  const script = new Script();
  script.replies.push(...Array.from({ length: 20 }, lost));
  const database = scriptedDatabase(script);
  // Long after all attempts, if none of them waited.
  const isKnown = setTimeout(() => script.replies.splice(0), 5);
  const row = database.read((session) => session.dao(thing).get(1n));
  await expect(row.finally(() => clearTimeout(isKnown))).resolves.toBeUndefined();
  expect(script.made).toBe(2);
});

test('the time of a transaction does not run out while it is committed', async () => {
  vi.useFakeTimers();
  const script = new Script();
  const commit = Promise.withResolvers<string>();
  script.commits.push(commit.promise);
  const database = scriptedDatabase(script, { timeoutMs: 100 });
  const outcome = database.transaction(insert);
  await vi.advanceTimersByTimeAsync(1000);
  commit.resolve('0-1-1');
  await expect(outcome).resolves.toMatchObject({ id: 1n });
});

test('what runs when the time is up is cut off with its connection', async () => {
  vi.useFakeTimers();
  const script = new Script();
  script.replies.push(new Promise(() => undefined));
  const database = scriptedDatabase(script, { timeoutMs: 100 });
  const outcome = database.transaction(insert).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(100);
  expect(await outcome).toMatchObject({ code: 'ERR_DAO_TIMEOUT' });
  await vi.advanceTimersByTimeAsync(0);
  expect([script.log.at(-1), script.discarded, script.released]).toEqual(['1 destroy', 1, 0]);
});

test('work that waits for something else when its time is up is rolled back, and its connection goes on', async () => {
  vi.useFakeTimers();
  const script = new Script();
  const database = scriptedDatabase(script, { timeoutMs: 100 });
  const outcome = database
    .transaction(async (session) => {
      await insert(session);
      await new Promise(() => undefined);
    })
    .catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(100);
  expect(await outcome).toMatchObject({ code: 'ERR_DAO_TIMEOUT' });
  await vi.advanceTimersByTimeAsync(0);
  expect([script.log.at(-1), script.discarded, script.released]).toEqual(['1 rollback', 0, 1]);
});

test('a reader has its rows before the snapshot is closed; close waits for that', async () => {
  const script = new Script();
  const database = scriptedDatabase(script);
  await database.read((session) => session.dao(thing).count());
  await database.close();
  expect(script.log).toEqual(['1 begin snapshot', '1 select', '1 rollback', 'closed']);
});

test('a read of one statement begins no transaction, except for a hand-written one, which may hide a write', async () => {
  const script = new Script();
  const database = scriptedDatabase(script);
  await database.read((session) => session.dao(thing).count(), { isolation: 'statement' });
  expect(script.log).toEqual(['1 select']);
  await database.read((session) => session.execute(sql`with x as (select 1) select * from x`), { isolation: 'statement' });
  await database.close();
  expect(script.log.slice(1)).toEqual(['1 begin snapshot', '1 with', '1 rollback', 'closed']);
});

test('a duplicate that the snapshot did not show is looked at once more, and then believed', async () => {
  const script = new Script();
  script.replies.push(...Array.from({ length: 3 }, () => new DriverError({ code: 'ERR_DAO_DUPLICATE' })));
  const database = scriptedDatabase(script, {}, { hasSnapshotWrites: true });
  await expect(database.transaction(insert)).rejects.toMatchObject({ code: 'ERR_DAO_DUPLICATE' });
  expect(script.log.filter((entry) => entry.endsWith('insert'))).toHaveLength(2);
});

test('what a transaction calls and does not wait for is done before the commit, in the order of the calls', async () => {
  const script = new Script();
  const database = scriptedDatabase(script);
  await database.transaction((session) => {
    void insert(session);
    void session
      .dao(thing)
      .count()
      .catch(() => undefined);
  });
  expect(script.log.slice(0, 2)).toEqual(['1 begin serializable', '1 insert']);
  expect(script.log.at(-1)).toBe('1 commit');
});

test('a transaction whose caller has gone while it waited for a connection never begins', async () => {
  const script = new Script();
  const database = scriptedDatabase(script);
  const controller = new AbortController();
  let hasRun = false;
  const outcome = database.transaction(() => (hasRun = true), { signal: controller.signal });
  controller.abort();
  await expect(outcome).rejects.toMatchObject({ code: 'ERR_DAO_TIMEOUT' });
  await database.close();
  expect([hasRun, script.released]).toEqual([false, 1]);
});
