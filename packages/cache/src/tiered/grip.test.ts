import { FakeTime } from '@midgard/pool/testing';
import { expect, test } from 'vitest';
import { TieredCache } from './tiered-cache.ts';
import type { TieredCacheOptions } from './tiered-cache-options.ts';

const time = new FakeTime();
const load = async (key: string): Promise<string> => `of ${key}`;

function open(options: Partial<TieredCacheOptions<string>> = {}): TieredCache<string> {
  return new TieredCache<string>({ space: 's', memory: { maxEntries: 3, policy: 'fifo' }, clock: time, timers: time, random: () => 0, ...options });
}

async function gripped(cache: TieredCache<string>, key = 'a') {
  await cache.getOrLoad(key, load);
  const { ticket, until, value } = cache.grip(key)!;
  return { value, until, slot: ticket.slot, holds: () => cache.holds(ticket.slot, ticket.stamp) };
}

test('nothing is to be gripped of what is not in memory, or no longer fresh', async () => {
  const cache = open({ policy: { ttlMs: 100, staleIfErrorMs: 1000 } });
  expect(cache.grip('a')).toBeUndefined();
  await cache.getOrLoad('a', load);
  await time.advance(100);
  expect(cache.grip('a')).toBeUndefined();
});

test('a grip holds until the time at which its value would be looked for anew', async () => {
  const { value, until, holds } = await gripped(open({ policy: { ttlMs: 100, memoryTtlMs: 40 } }));
  expect([value, until, holds()]).toEqual(['of a', time.now() + 40, true]);
});

test('it does not outlive the moment from which its value is loaded ahead of its end', async () => {
  const { until } = await gripped(open({ policy: { ttlMs: 100, refreshAfter: 0.5 } }));
  expect(until).toBe(time.now() + 50);
});

const ends: [string, (cache: TieredCache<string>) => unknown][] = [
  ['deleted', (cache) => cache.delete('a')],
  ['replaced', (cache) => cache.set('a', 'new')],
  ['replaced by an equal one', (cache) => cache.set('a', 'of a')],
  ['expired by hand', (cache) => cache.expire('a')],
  ['dropped with all', (cache) => cache.clear()],
  ['crowded out', (cache) => Promise.all(['x', 'y', 'z'].map((key) => cache.getOrLoad(key, load)))],
];

test.each(ends)('it does not hold once its value was %s, also where another came into its place', async (_name, end) => {
  const cache = open({ policy: { staleIfErrorMs: 1000 } });
  const grip = await gripped(cache);
  const other = await gripped(cache, 'b');
  await end(cache);
  expect(grip.holds()).toBe(false);
  for (const key of ['a', 'c', 'd', 'e']) await cache.getOrLoad(key, load);
  expect(grip.holds()).toBe(false);
  expect((await gripped(cache, 'e')).holds()).toBe(true);
  expect(other.value).toBe('of b');
});

test('answers that were given out for a grip are counted, and keep its value among those in use', async () => {
  const heard: number[] = [];
  const cache = open({ memory: { maxEntries: 2, policy: 'lru' }, listener: { answeredFromGrip: (answers) => heard.push(answers) } });
  const { slot, holds } = await gripped(cache, 'a');
  await cache.getOrLoad('b', load);
  cache.noteUses(slot, 16);
  await cache.getOrLoad('c', load);
  expect([holds(), cache.getInMemory('b'), heard, cache.stats().memory]).toEqual([true, undefined, [16], 16]);
});
