import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FakeTime, settled } from '@midgard/pool/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryCache } from '../memory/memory-cache.ts';
import { HotKeys } from './hot-keys.ts';
import { warmUp, type WarmUpOptions } from './warm-up.ts';

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${i}`);
}

/** Keys of which the second page cannot be read. */
async function* broken(): AsyncGenerator<readonly string[]> {
  yield ['a'];
  await settled();
  throw new Error('down');
}

describe('warmUp', () => {
  let time: FakeTime;
  let loads: (readonly string[])[];
  beforeEach(() => {
    time = new FakeTime();
    loads = [];
  });
  const load = (keys: readonly string[]): Promise<void> => (loads.push(keys), Promise.resolve());
  const loadButTheSecond = (keys: readonly string[]): Promise<void> => (keys.includes('1') ? Promise.reject(new Error('down')) : load(keys));
  const start = (options: Partial<WarmUpOptions<string>> & Pick<WarmUpOptions<string>, 'keys'>) => warmUp({ load, clock: time, timers: time, ...options });

  test('loads all keys in their order, in batches, no faster than it may', async () => {
    const done = start({ keys: [numbered(25), ['last']], batch: 10, keysPerSecond: 100 });
    await time.advance(0);
    expect(loads.map(({ length }) => length)).toEqual([10]);
    await time.advance(99);
    expect(loads).toHaveLength(1);
    await time.advance(1);
    expect(loads).toHaveLength(2);
    await time.advance(150);
    expect(await done).toEqual({ warmed: 26, failed: 0, isComplete: true });
    expect(loads.flat()).toEqual([...numbered(25), 'last']);
  });

  test('waits while others need the machine', async () => {
    let isBusy = true;
    const done = start({ keys: [['a']], isBusy: () => isBusy });
    await time.advance(1000);
    expect(loads).toEqual([]);
    isBusy = false;
    await time.advance(50);
    expect(await done).toMatchObject({ warmed: 1 });
  });

  test('goes on after a load that failed, and tells how far it is', async () => {
    const told: object[] = [];
    const done = start({ keys: [numbered(3)], batch: 1, keysPerSecond: 1e6, load: loadButTheSecond, onProgress: (soFar) => told.push(soFar) });
    await time.advance(10);
    expect(await done).toEqual({ warmed: 2, failed: 1, isComplete: true });
    expect(told).toEqual([
      { warmed: 1, failed: 0 },
      { warmed: 1, failed: 1 },
      { warmed: 2, failed: 1 },
    ]);
  });

  test('ends when it is told to, and where its keys cannot be read', async () => {
    const controller = new AbortController();
    const done = start({ keys: [numbered(100)], batch: 1, keysPerSecond: 10, signal: controller.signal });
    await time.advance(0);
    controller.abort();
    await time.advance(100);
    expect(await done).toEqual({ warmed: 1, failed: 0, isComplete: false });
    const other = start({ keys: broken() });
    await time.advance(100);
    expect(await other).toEqual({ warmed: 1, failed: 0, isComplete: false });
  });

  test.each([{ keysPerSecond: 0 }, { batch: 0 }, { batch: 1.5 }])('numbers out of range are named: %o', async (options) => {
    await expect(start({ keys: [], ...options })).rejects.toMatchObject({
      code: 'ERR_CACHE_OPTIONS',
      message: expect.stringContaining(Object.keys(options)[0] ?? ''),
    });
  });
});

describe('HotKeys', () => {
  let folder: string;
  let file: string;
  let time: FakeTime;
  let cache: MemoryCache<number>;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'midgard-hot-'));
    file = path.join(folder, 'cache', 'hot.json');
    time = new FakeTime();
    cache = new MemoryCache<number>({ maxEntries: 10, policy: 'lru' });
  });
  afterEach(() => rm(folder, { recursive: true }));
  const open = (most = 2): HotKeys => new HotKeys({ caches: new Map([['player', cache]]), file, most, everyMs: 1000, timers: time });

  test('the hottest keys of one run are there at the start of the next', async () => {
    const first = open();
    expect(await first.start()).toEqual(new Map());
    for (const key of ['a', 'b', 'c']) cache.set(key, 1);
    cache.get('a');
    await first.stop();
    const remembered = await open().start();
    expect(remembered.get('player')).toEqual(['a', 'c']);
  });

  test('a run that is killed leaves those of a while ago', async () => {
    const killed = open();
    await killed.start();
    cache.set('a', 1);
    await time.advance(1000);
    await expect.poll(() => readFile(file, 'utf8')).toContain('"a"');
    await killed.stop();
  });

  test.each(['', '{', '[]', '{"format":2,"keys":{"player":["a"]}}', '{"format":1,"keys":[1]}', 'null'])('a file that holds %o is as none', async (content) => {
    await open().stop();
    await writeFile(file, content);
    expect((await open().start()).get('player') ?? []).toEqual([]);
  });

  test('where the file cannot be written somebody hears of it, and nothing else happens', async () => {
    const errors: unknown[] = [];
    await writeFile(path.join(folder, 'cache'), 'a file where a folder should be');
    const hotKeys = new HotKeys({ caches: new Map([['player', cache]]), file, onError: (error) => errors.push(error), timers: time });
    await hotKeys.stop();
    expect(errors).toHaveLength(1);
  });
});
