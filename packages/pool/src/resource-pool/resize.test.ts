import { expect, test } from 'vitest';
import { settled } from '../testing/fake-time.ts';
import { stateOf, Workshop } from '../test/workshop.ts';

const code = (name: string) => expect.objectContaining({ code: name });

test('a larger max serves those who wait', async () => {
  const { pool } = new Workshop({ max: 1 });
  await pool.acquire();
  const waiting = pool.acquire();
  expect(await stateOf(waiting)).toBe('pending');
  pool.resize({ max: 2 });
  expect(await waiting).toEqual({ id: 2 });
});

test('a larger min is made up at once', async () => {
  const { pool } = new Workshop({ max: 3 });
  pool.resize({ min: 2 });
  await settled();
  expect(pool.usage()).toMatchObject({ min: 2, max: 3, idle: 2 });
});

test('a smaller max takes idle resources at once, the coldest first', async () => {
  const { pool, events } = new Workshop({ max: 4 });
  const tools = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire(), pool.acquire()]);
  for (const tool of tools.slice(1)) pool.release(tool);
  pool.resize({ max: 2 });
  await settled();
  expect(events.filter((event) => event.startsWith('destroyed'))).toEqual([`destroyed ${tools[1].id} resized`, `destroyed ${tools[2].id} resized`]);
  expect(pool.usage()).toMatchObject({ idle: 1, borrowed: 1 });
});

test('a max below what is borrowed takes what comes back, until there are few enough', async () => {
  const { pool, events } = new Workshop({ max: 4 });
  const tools = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire(), pool.acquire()]);
  pool.resize({ max: 2 });
  const waiting = pool.acquire();
  pool.release(tools[0]);
  pool.release(tools[1]);
  expect(await stateOf(waiting)).toBe('pending');
  expect(pool.usage()).toMatchObject({ borrowed: 2, destroying: 0, waiting: 1 });
  pool.release(tools[2]);
  expect(await waiting).toBe(tools[2]);
  expect(events.filter((event) => event.startsWith('destroyed'))).toEqual([`destroyed ${tools[0].id} resized`, `destroyed ${tools[1].id} resized`]);
});

test('what is being made when max falls is not kept above it', async () => {
  const { pool, creations, events } = new Workshop({ max: 2, hold: ['create'] });
  const [first, second] = [pool.acquire(), pool.acquire()];
  pool.resize({ max: 1 });
  await creations[0]!.end(creations[0]!.tool);
  expect(events.slice(0, 2)).toEqual(['created 1 0', 'destroyed 1 resized']);
  await creations[1]!.end(creations[1]!.tool);
  expect(await first).toEqual({ id: 2 });
  pool.release(await first);
  expect(await second).toEqual({ id: 2 });
});

test('those being destroyed count: no more are taken than must be', async () => {
  const { pool } = new Workshop({ max: 3, hold: ['destroy'] });
  const tools = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
  pool.release(tools[0]);
  pool.resize({ max: 2 });
  pool.release(tools[1]);
  expect(pool.usage()).toMatchObject({ idle: 1, borrowed: 1, destroying: 1 });
});

test.each([{ min: -1 }, { max: 0 }, { min: 3 }, { min: 2, max: 1 }, { max: 1.5 }])('%j is refused, and nothing has changed', (size) => {
  const { pool } = new Workshop({ max: 2 });
  expect(() => pool.resize(size)).toThrow(code('ERR_POOL_OPTIONS'));
  expect(pool.usage()).toMatchObject({ min: 0, max: 2 });
});
