import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test } from 'vitest';
import { deadWrite, idempotency, outbox } from '../entities/bookkeeping.ts';
import { defineGame } from '../define-game.ts';
import { standardEntities } from '../entities/index.ts';
import { codeOf, freshKey } from '../test/answers.ts';
import { openGame } from '../testing/open-game.ts';
import { counter, deferringGame, note, place } from './test/deferring-game.ts';
import { DeferringWorld } from './test/deferring-world.ts';

const playerId = '7';
const add = (world: DeferringWorld, delta: number, name = 'kills'): Promise<unknown> => world.call('counter.add', { playerId, name, delta });
const write = (world: DeferringWorld, text: string, key = freshKey()): Promise<unknown> => world.call('note.write', { playerId, text, ...key });
const stored = (world: DeferringWorld) => world.database.read((session) => session.dao(counter).find());
const notes = (world: DeferringWorld) => world.database.read((session) => session.dao(note).find());

/** The next version of the game, which knows of no notes. */
const withoutNotes = defineGame({
  manifest: { ...deferringGame.manifest, version: '2.0.0' },
  entities: [...standardEntities, counter, place],
  operations: deferringGame.operations.filter(({ name }) => !name.startsWith('note.')),
});

test('a write is acknowledged when it is in the log, and not in the database before the delay', async () => {
  await using world = await DeferringWorld.open();
  const { promise, resolve } = Promise.withResolvers<void>();
  world.log.beforeAnswer = () => promise;
  let isAcknowledged = false;
  const acknowledged = add(world, 1).then(() => (isAcknowledged = true));
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  expect(world.log.records).toHaveLength(1);
  expect(isAcknowledged).toBe(false);
  resolve();
  await acknowledged;
  expect(await stored(world)).toEqual([]);
  expect(world.runtime.writeBehindFigures()).toMatchObject({ depth: 1 });
  await world.pass(20);
  expect(await stored(world)).toMatchObject([{ value: 1n }]);
  expect(world.runtime.writeBehindFigures()).toMatchObject({ depth: 0, oldestMs: 0, writes: 1, rows: 1 });
});

test('several writes of one key before a flush become one row change (pomelo#309)', async () => {
  await using world = await DeferringWorld.open();
  for (const delta of [1, 2, 3, -1]) await add(world, delta);
  await world.pass(20);
  expect(await stored(world)).toMatchObject([{ value: 5n, version: 1 }]);
  expect(world.runtime.writeBehindFigures()).toMatchObject({ writes: 4, changes: 4, rows: 1 });
});

test('each batch is told of, and runs for nobody: not for the one whose write came first', async () => {
  await using world = await DeferringWorld.open();
  const requests = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  await requests.run('first', async () => {
    await add(world, 1);
    await add(world, 2, 'deaths');
  });
  world.fault = () => void seen.push(requests.getStore());
  await world.pass(20);
  expect(world.flushes).toMatchObject([{ writes: 2, rows: 2 }]);
  expect(world.flushes[0]?.durationMs).toBeGreaterThan(0);
  expect(seen.length).toBeGreaterThan(0);
  expect(new Set(seen)).toEqual(new Set([undefined]));
});

test('a burst reaches the database as a level stream, not as a spike (pomelo#574)', async () => {
  await using world = await DeferringWorld.open();
  await Promise.all(Array.from({ length: 1000 }, (_, at) => add(world, 1, `counter ${at}`)));
  const depths: number[] = [];
  for (let step = 0; step < 40; step += 1) {
    depths.push(world.runtime.writeBehindFigures()?.depth ?? 0);
    await world.pass(20);
  }
  const batches = depths.slice(1).map((depth, at) => (depths[at] ?? 0) - depth);
  expect(Math.max(...batches)).toBe(200);
  expect(depths.at(-1)).toBe(0);
  expect(await stored(world)).toHaveLength(1000);
});

test('on a stop within its grace period all that was acknowledged is made (pomelo-cn#217)', async () => {
  await using world = await DeferringWorld.open();
  await Promise.all(Array.from({ length: 3000 }, (_, at) => add(world, 1, `counter ${at}`)));
  const stopped = world.runtime.stop({ graceMs: 5000 });
  await expect(add(world, 1)).rejects.toMatchObject({ code: 1008 });
  await stopped;
  expect(await stored(world)).toHaveLength(3000);
  expect(world.log.consumed).toBe(3000);
});

test('what a stop has no time for is made at the next start, once (pomelo-cn#217)', async () => {
  await using world = await DeferringWorld.open();
  await Promise.all(Array.from({ length: 20 }, () => add(world, 1)));
  world.fault = () => 'before';
  await world.passUntil(world.runtime.stop({ graceMs: 1000 }), 1000);
  expect(world.logged.at(-1)).toEqual({ level: 'warn', message: 'acknowledged writes stay in the log for the next start' });
  expect(await stored(world)).toEqual([]);
  world.fault = () => undefined;
  await world.start();
  await world.pass(20);
  expect(await stored(world)).toMatchObject([{ value: 20n }]);
});

test('a late flush never overwrites a newer direct write, by version (lordofpomelo#39)', async () => {
  await using world = await DeferringWorld.open();
  await world.call('place.move', { playerId, x: 1, version: 1 });
  await world.pass(20);
  // Another instance's direct write, which this one's queue knows nothing of.
  await world.call('place.move', { playerId, x: 2, version: 2 });
  await world.database.transaction((session) => session.dao(place).update(7n, { area: 'castle' }));
  await world.pass(20);
  expect(await world.call('place.get', { playerId })).toEqual({ x: '1', area: 'castle', version: 2 });
  expect(world.runtime.writeBehindFigures()).toMatchObject({ outdated: 1 });
});

test('a direct write of the same key comes after what was acknowledged before it', async () => {
  await using world = await DeferringWorld.open();
  await world.call('place.move', { playerId, x: 5, version: 1 });
  expect(await world.call('place.teleport', { playerId, area: 'castle' })).toEqual({ area: 'castle', version: 2 });
  await world.pass(20);
  expect(await world.call('place.get', { playerId })).toEqual({ x: '5', area: 'castle', version: 2 });
});

test('a read of the same key sees the pending write, cached or not', async () => {
  await using world = await DeferringWorld.open();
  expect(await world.call('counter.get', { playerId })).toEqual({});
  await add(world, 3);
  expect(await world.call('counter.get', { playerId })).toEqual({ kills: '3' });
  await add(world, 4);
  expect(await world.call('counter.get', { playerId })).toEqual({ kills: '7' });
  await write(world, 'first');
  expect(await world.call('note.list', { playerId })).toEqual(['first']);
});

test('a read of another key does not hasten anything', async () => {
  await using world = await DeferringWorld.open();
  await add(world, 3);
  expect(await world.call('counter.get', { playerId: '8' })).toEqual({});
  expect(world.runtime.writeBehindFigures()).toMatchObject({ depth: 1 });
});

test('a read that waits for a database that is away ends with its time, as 1004', async () => {
  await using world = await DeferringWorld.open();
  await add(world, 3);
  world.fault = () => 'before';
  const controller = new AbortController();
  const answer = codeOf(world.call('note.list', { playerId }, { signal: controller.signal }));
  expect(await answer).toBe(0);
  const waiting = codeOf(world.call('counter.get', { playerId }, { signal: controller.signal }));
  await new Promise(setImmediate);
  controller.abort();
  expect(await waiting).toBe(1004);
});

test('a repeated key gets the first answer while the write waits, after it was made, and after a restart', async () => {
  await using world = await DeferringWorld.open();
  const key = freshKey();
  const first = await write(world, 'once', key);
  expect(await write(world, 'once', key)).toEqual(first);
  await world.start();
  expect(await write(world, 'once', key)).toEqual(first);
  await world.pass(20);
  expect(await write(world, 'once', key)).toEqual(first);
  expect(await notes(world)).toHaveLength(1);
});

test('a key of a write that waits is refused for another input and for another operation', async () => {
  await using world = await DeferringWorld.open();
  const key = freshKey();
  await write(world, 'once', key);
  expect(await codeOf(write(world, 'another', key))).toBe(2009);
  expect(await codeOf(world.call('place.teleport', { playerId, area: 'x', ...key }))).toBe(2009);
  await world.pass(20);
  expect(await codeOf(write(world, 'another', key))).toBe(2009);
});

test('a key that another instance used for the same write meanwhile makes it once', async () => {
  await using world = await DeferringWorld.open();
  await using other = await DeferringWorld.open();
  const key = freshKey();
  await write(other, 'same', key);
  const [record] = other.log.records;
  await write(world, 'same', key);
  world.log.records.push(record!);
  await world.start();
  await world.pass(20);
  await world.pass(20);
  expect(await notes(world)).toHaveLength(1);
  expect(world.runtime.writeBehindFigures()).toMatchObject({ depth: 0 });
});

test('a key that another instance used for another write meanwhile drops neither in silence', async () => {
  await using world = await DeferringWorld.open();
  const key = freshKey();
  await write(world, 'mine', key);
  await world.database.transaction((session) =>
    session.dao(idempotency).insert({ key: key.idempotencyKey, operation: 'order.create', inputHash: 'ff', output: null }),
  );
  await world.pass(20);
  expect(await notes(world)).toEqual([]);
  expect(world.runtime.writeBehindFigures()).toMatchObject({ dead: 1, depth: 0 });
});

test('a start takes up what was not made, and nothing that was', async () => {
  await using world = await DeferringWorld.open();
  for (const delta of [1, 2, 4]) await add(world, delta);
  await world.pass(20);
  await add(world, 8);
  await world.start();
  expect(world.log.consumed).toBe(0);
  expect(world.runtime.writeBehindFigures()).toMatchObject({ depth: 1 });
});

test('of several batches with one key, a read waits for the last', async () => {
  await using world = await DeferringWorld.open({ maxBatch: 1 });
  await add(world, 1);
  await add(world, 2);
  await world.pass(20);
  expect(world.runtime.writeBehindFigures()).toMatchObject({ depth: 1 });
  expect(await world.call('counter.get', { playerId })).toEqual({ kills: '3' });
});

test.each(Array.from({ length: 16 }, (_, ticks) => ticks))('a write that comes %i ticks after a commit is not left lying', async (ticks) => {
  await using world = await DeferringWorld.open();
  await add(world, 1);
  const committed = world.nextCommit();
  world.log.beforeAnswer = async () => {
    await committed;
    for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
  };
  const late = add(world, 2);
  await world.pass(20);
  await late;
  await world.pass(20);
  expect(world.runtime.writeBehindFigures()).toMatchObject({ depth: 0 });
});

test('a bad write among many is found by halving', async () => {
  await using world = await DeferringWorld.open();
  for (let at = 0; at < 64; at += 1) await write(world, at === 50 ? 'text 3' : `text ${at}`);
  const before = world.transactions;
  await world.runtime.stop();
  expect(await notes(world)).toHaveLength(63);
  expect(world.transactions - before).toBeLessThan(20);
});

test('a database that is away is tried again, ever more seldom, and nothing is lost or doubled', async () => {
  await using world = await DeferringWorld.open();
  for (const delta of [1, 2, 4]) await add(world, delta);
  world.fault = () => 'before';
  for (let step = 0; step < 12; step += 1) await world.pass(5000);
  expect(world.timers.delays.filter((delayMs) => delayMs >= 50).slice(0, 6)).toEqual([50, 100, 200, 400, 800, 1600]);
  expect(world.runtime.writeBehindFigures()).toMatchObject({ depth: 3, oldestMs: 60_000 });
  world.fault = () => undefined;
  for (let step = 0; step < 4; step += 1) await world.pass(5000);
  expect(await stored(world)).toMatchObject([{ value: 7n }]);
});

test('a commit whose end nobody saw is not made twice', async () => {
  await using world = await DeferringWorld.open();
  await add(world, 5);
  await write(world, 'once');
  let faults = 1;
  world.fault = () => (faults-- > 0 ? 'after' : undefined);
  for (let step = 0; step < 4; step += 1) await world.pass(100);
  expect(await stored(world)).toMatchObject([{ value: 5n }]);
  expect(await notes(world)).toHaveLength(1);
  expect(world.runtime.writeBehindFigures()).toMatchObject({ depth: 0, retries: 1 });
});

test('beyond the bound writers get 1005, and go on when there is room', async () => {
  await using world = await DeferringWorld.open({ maxPending: 3 });
  expect(await Promise.all([1, 2, 3, 4].map((delta) => codeOf(add(world, delta))))).toEqual([0, 0, 0, 1005]);
  await world.pass(20);
  expect(await codeOf(add(world, 1))).toBe(0);
});

test('what the log refuses is refused to the caller, and not made', async () => {
  await using world = await DeferringWorld.open();
  world.log.beforeDurable = () => Promise.reject(Object.assign(new Error('full'), { code: 'ERR_QUEUE_LOG_FULL' }));
  const key = freshKey();
  expect(await codeOf(write(world, 'a', key))).toBe(1005);
  world.log.beforeDurable = () => Promise.reject(Object.assign(new Error('broken'), { code: 'ERR_QUEUE_LOG_WRITE' }));
  expect(await codeOf(write(world, 'a', key))).toBe(1001);
  world.log.beforeDurable = () => Promise.resolve();
  expect(await codeOf(write(world, 'a', key))).toBe(0);
  await world.pass(20);
  expect(await notes(world)).toHaveLength(1);
});

test('what does not fit its column is refused before it is acknowledged', async () => {
  await using world = await DeferringWorld.open();
  expect(await codeOf(write(world, 'x'.repeat(65)))).toBe(2001);
  expect(world.log.records).toEqual([]);
});

test('one write that the database refuses for good does not hold up the others, and is kept for people', async () => {
  await using world = await DeferringWorld.open();
  for (const text of ['a', 'b', 'b', 'c', 'd']) await write(world, text);
  await add(world, 1);
  await world.pass(20);
  expect((await notes(world)).map(({ text }) => text)).toEqual(['a', 'b', 'c', 'd']);
  expect(await stored(world)).toMatchObject([{ value: 1n }]);
  const dead = await world.database.read((session) => session.dao(deadWrite).find());
  expect(dead).toMatchObject([{ logId: 'memory', sequence: 3n, operation: 'note.write', reason: expect.stringContaining('ERR_DAO_DUPLICATE') }]);
  expect(JSON.parse(Buffer.from(dead[0]!.entry).toString())).toMatchObject({ operation: 'note.write', changes: [{ row: { text: 'b' } }] });
  expect(world.runtime.writeBehindFigures()).toMatchObject({ dead: 1, depth: 0 });
});

test('a write that a new version of the game cannot read is kept for people, and the rest is made', async () => {
  await using world = await DeferringWorld.open();
  await add(world, 1);
  await write(world, 'a');
  await add(world, 2);
  await world.start({}, withoutNotes);
  for (let step = 0; step < 4; step += 1) await world.pass(20);
  expect(await stored(world)).toMatchObject([{ value: 3n }]);
  expect(await world.database.read((session) => session.dao(deadWrite).count())).toBe(1);
  expect(world.runtime.writeBehindFigures()).toMatchObject({ dead: 1, depth: 0 });
});

test('a write that cannot even be kept for people at first is tried again, and takes none with it', async () => {
  await using world = await DeferringWorld.open();
  await add(world, 1);
  await write(world, 'a');
  await add(world, 2);
  await world.start({}, withoutNotes);
  let transactions = 0;
  // The first makes what stands before the unreadable write, the second is to keep that one.
  world.fault = () => ((transactions += 1) === 2 ? 'refused' : undefined);
  for (let step = 0; step < 6; step += 1) await world.pass(100);
  expect(await stored(world)).toMatchObject([{ value: 3n }]);
  expect(await world.database.read((session) => session.dao(deadWrite).count())).toBe(1);
  expect(world.runtime.writeBehindFigures()).toMatchObject({ writes: 2, dead: 1, retries: 1, depth: 0 });
});

test('a write that was kept for people by a commit that nobody saw is kept once, and the rest is made', async () => {
  await using world = await DeferringWorld.open();
  await write(world, 'a');
  await add(world, 2);
  await world.start({}, withoutNotes);
  let transactions = 0;
  world.fault = () => ((transactions += 1) === 1 ? 'after' : undefined);
  for (let step = 0; step < 6; step += 1) await world.pass(100);
  expect(await stored(world)).toMatchObject([{ value: 2n }]);
  expect(await world.database.read((session) => session.dao(deadWrite).count())).toBe(1);
  expect(world.runtime.writeBehindFigures()).toMatchObject({ depth: 0 });
});

test('each write leaves its row in the outbox once, in the order of the acknowledgements', async () => {
  await using world = await DeferringWorld.open();
  for (const text of ['a', 'b']) await write(world, text);
  await world.start();
  await world.pass(20);
  const rows = await world.database.read((session) => session.dao(outbox).find());
  expect(rows.map(({ event }) => event)).toEqual(['note.write', 'note.write']);
});

test('a player defers for himself alone', async () => {
  await using world = await DeferringWorld.open();
  expect(await codeOf(world.call('counter.add', { playerId, name: 'a', delta: 1 }, { playerId: 8n }))).toBe(3004);
  expect(await codeOf(world.call('counter.add', { playerId, name: 'a', delta: 1 }, { playerId: 7n }))).toBe(0);
  expect(world.log.records).toHaveLength(1);
});

test('a log that has lost what was applied is not written over', async () => {
  await using world = await DeferringWorld.open();
  await add(world, 1);
  await world.pass(20);
  world.log.records.length = 0;
  await expect(world.start()).rejects.toMatchObject({ code: 'ERR_GAME_STATE' });
});

test('without a log a write-behind operation is an ordinary write', async () => {
  await using game = await openGame(deferringGame);
  await game.call('counter.add', { playerId, name: 'kills', delta: 2, ...freshKey() });
  expect(await game.database.read((session) => session.dao(counter).find())).toMatchObject([{ value: 2n }]);
  expect(await game.call('counter.get', { playerId })).toEqual({ kills: '2' });
});

test('a write-behind operation takes no hooks', () => {
  const { manifest, entities, operations } = deferringGame;
  expect(() => defineGame({ manifest, entities, operations, hooks: { before: { 'counter.add': () => undefined } } })).toThrow(
    expect.objectContaining({ code: 'ERR_GAME_OPERATION' }),
  );
});
