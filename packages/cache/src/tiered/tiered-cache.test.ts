import { FakeTime, settled } from '@midgard/pool/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { Coherence } from '../coherence/coherence.ts';
import { CacheError } from '../errors.ts';
import { Source } from '../test/source.ts';
import { TieredCache } from './tiered-cache.ts';
import type { TieredCacheOptions } from './tiered-cache-options.ts';

let time: FakeTime;
let loads: string[];
beforeEach(() => {
  time = new FakeTime();
  loads = [];
});

/** Tags each value with the first letter of its key. */
async function tagged(key: string, call: { keep(options: object): void }): Promise<string> {
  call.keep({ tags: [key[0] ?? ''] });
  return key;
}

function open<V = string>(options: Partial<TieredCacheOptions<V>> = {}): TieredCache<V> {
  return new TieredCache<V>({ space: 's', memory: { maxEntries: 100 }, clock: time, timers: time, random: () => 0, ...options });
}

async function load(key: string): Promise<string> {
  loads.push(key);
  return `of ${key}`;
}

describe('one process', () => {
  test('a value is loaded once, and then comes from memory', async () => {
    const cache = open();
    expect(await cache.answer('a', load)).toEqual({ value: 'of a', source: 'loader' });
    expect(await cache.answer('a', load)).toEqual({ value: 'of a', source: 'memory' });
    expect(await cache.getOrLoad('a', load)).toBe('of a');
    expect(cache.getInMemory('a')).toBe('of a');
    expect(loads).toEqual(['a']);
    expect(cache.stats()).toMatchObject({ memory: 2, loader: 1, entries: 1 });
  });

  test('who asks while it is loaded waits for the same load', async () => {
    const cache = open();
    const source = new Source();
    const readers = Array.from({ length: 100 }, () => cache.getOrLoad('k', source.load));
    await settled();
    source.answer();
    expect(new Set(await Promise.all(readers))).toEqual(new Set(['v1']));
    expect(source.loads).toBe(1);
  });

  test('a failed load fails all who wait for it, and is not remembered', async () => {
    const cache = open();
    const source = new Source();
    const readers = [cache.getOrLoad('k', source.load), cache.getOrLoad('k', source.load)];
    await settled();
    source.fail();
    await expect(Promise.allSettled(readers)).resolves.toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
    expect(await cache.getOrLoad('k', load)).toBe('of k');
  });

  test('a load that began before a write never stores its value, and no reader after the write joins it', async () => {
    const cache = open();
    const source = new Source();
    const before = cache.getOrLoad('k', source.load);
    await settled();
    source.value = 'v2';
    await cache.delete('k');
    const after = cache.getOrLoad('k', source.load);
    await settled();
    source.answer();
    expect(await before).toBe('v1');
    source.answer();
    expect(await after).toBe('v2');
    expect(cache.getInMemory('k')).toBe('v2');
  });

  test('many keys are one call of the loader, for those that are not there, each once', async () => {
    const cache = open();
    await cache.getOrLoad('b', load);
    const calls: (readonly string[])[] = [];
    const values = await cache.getOrLoadMany(['a', 'b', 'c', 'a'], async (keys) => {
      calls.push(keys);
      return keys.map((key) => `many ${key}`);
    });
    expect(values).toEqual(['many a', 'of b', 'many c', 'many a']);
    expect(calls).toEqual([['a', 'c']]);
  });

  test('a loader of many that forgets a key is a mistake that is named', async () => {
    await expect(open().getOrLoadMany(['a', 'b'], async () => ['one'])).rejects.toMatchObject({ code: 'ERR_CACHE_LOADER' });
  });

  test('what is written is there at once, and loads under way do not bury it', async () => {
    const cache = open();
    const source = new Source();
    const before = cache.getOrLoad('k', source.load);
    await settled();
    await cache.set('k', 'written');
    source.answer();
    await before;
    expect(await cache.get('k')).toBe('written');
  });

  test('a value lives as long as the policy says, and never longer in memory than it is fresh', async () => {
    const cache = open({ policy: { ttlMs: 1000, memoryTtlMs: 5000, ttlJitter: 0 } });
    await cache.getOrLoad('k', load);
    await time.advance(999);
    expect(cache.getInMemory('k')).toBe('of k');
    await time.advance(1);
    expect(cache.getInMemory('k')).toBeUndefined();
  });

  test('what was loaded together does not end together', async () => {
    const draws = [0, 0.5, 0.999];
    const cache = open({ policy: { ttlMs: 1000, ttlJitter: 0.5 }, random: () => draws.shift() ?? 0 });
    await cache.getOrLoadMany(['a', 'b', 'c'], async (keys) => keys.map(String));
    await time.advance(501);
    expect(['a', 'b', 'c'].map((key) => cache.getInMemory(key))).toEqual(['a', 'b', undefined]);
    await time.advance(250);
    expect(['a', 'b', 'c'].map((key) => cache.getInMemory(key))).toEqual(['a', undefined, undefined]);
  });

  test('that there is nothing is believed for a short time', async () => {
    const cache = open<string | undefined>({ policy: { negativeTtlMs: 100 } });
    let asked = 0;
    const nobody = async (): Promise<undefined> => void (asked += 1);
    await cache.getOrLoad('k', nobody);
    expect(await cache.answer('k', nobody)).toEqual({ value: undefined, source: 'memory' });
    expect(await cache.findMany(['k'])).toEqual([{ value: undefined, source: 'memory' }]);
    await time.advance(100);
    await cache.getOrLoad('k', nobody);
    expect(asked).toBe(2);
  });

  test('with a negative time of 0 it is asked each time', async () => {
    const cache = open<string | null>({ policy: { negativeTtlMs: 0 } });
    let asked = 0;
    for (let i = 0; i < 3; i += 1) await cache.getOrLoad('k', async () => ((asked += 1), null));
    expect(asked).toBe(3);
  });

  test('a loader says how what it loaded is kept', async () => {
    const cache = open({ policy: { ttlMs: 1000 } });
    await cache.getOrLoadMany(['short', 'long', 'not'], async (keys, call) => {
      call.keep({ ttlMs: 10 }, 'short');
      call.keep({ isKept: false }, 'not');
      return keys.map(String);
    });
    expect(cache.getInMemory('not')).toBeUndefined();
    await time.advance(10);
    expect(cache.getInMemory('short')).toBeUndefined();
    expect(cache.getInMemory('long')).toBe('long');
  });

  test('a tag of an entry that is over says nothing of the one in its place', async () => {
    const cache = open({ policy: { ttlMs: 1000, ttlJitter: 0 } });
    await cache.set('k', 'old', { tags: ['a'] });
    await time.advance(1000);
    await cache.set('k', 'new', { tags: ['b'] });
    await cache.deleteTags('a');
    expect(cache.getInMemory('k')).toBe('new');
    await cache.deleteTags('b');
    expect(cache.getInMemory('k')).toBeUndefined();
  });

  test('a loader may take apart what it is given', async () => {
    const cache = open({ policy: { ttlMs: 1000, staleIfErrorMs: 1000 } });
    await cache.set('k', 'old', { ttlMs: 10 });
    await time.advance(10);
    const loaded = cache.getOrLoad('k', async (key, { keep, previous }) => {
      keep({ ttlMs: 20 });
      return `${previous(key)} and new`;
    });
    expect(await loaded).toBe('old and new');
    await time.advance(20);
    expect(cache.getInMemory('k')).toBeUndefined();
  });

  test('a load that takes too long is given up, and its signal aborts', async () => {
    const cache = open({ policy: { hardTimeoutMs: 50 } });
    let signal: AbortSignal | undefined;
    const reader = cache.getOrLoad('k', (_key, call) => ((signal = call.signal), new Promise(() => undefined)));
    const refusal = expect(reader).rejects.toMatchObject({ code: 'ERR_CACHE_LOADER_TIMEOUT' });
    await time.advance(50);
    await refusal;
    expect(signal?.aborted).toBe(true);
    expect(await cache.getOrLoad('k', load)).toBe('of k');
  });

  test('a loader that looks at its signal only after its time finds it aborted, and one that throws at once fails its readers', async () => {
    const cache = open({ policy: { hardTimeoutMs: 50 } });
    let isAborted: boolean | undefined;
    const late = cache.getOrLoad('late', async (_key, call) => {
      await time.pass(60);
      isAborted = call.signal.aborted;
      return 'late';
    });
    const refusal = expect(late).rejects.toMatchObject({ code: 'ERR_CACHE_LOADER_TIMEOUT' });
    await time.advance(60);
    await refusal;
    expect(isAborted).toBe(true);
    const thrown = cache.getOrLoadMany(['thrown'], () => {
      throw new Error('at once');
    });
    await expect(thrown).rejects.toThrow('at once');
    expect(time.pending).toEqual([]);
  });

  test('nothing that a reader does to a frozen value reaches another; a copy is its own', async () => {
    const frozen = open<{ tags: string[] }>();
    const given = await frozen.getOrLoad('k', async () => ({ tags: ['a'] }));
    expect(() => given.tags.push('b')).toThrow(TypeError);
    const copied = open<{ tags: string[] }>({ protect: 'copy' });
    const first = await copied.getOrLoad('k', async () => ({ tags: ['a'] }));
    first.tags.push('b');
    const second = await copied.getOrLoad('k', async () => ({ tags: ['a'] }));
    second.tags.push('c');
    expect(copied.getInMemory('k')).toEqual({ tags: ['a'] });
  });

  test('keys that surely do not exist cost nothing, until somebody writes them', async () => {
    const known = new Set(['there']);
    const knownKeys = { mightExist: (key: string) => known.has(key), add: (key: string) => void known.add(key), distrust: () => undefined };
    const cache = open<string | undefined>({ knownKeys });
    expect(await cache.getOrLoadMany(['there', 'not'], async (keys) => Promise.all(keys.map(load)))).toEqual(['of there', undefined]);
    expect(await cache.getOrLoad('not', load)).toBeUndefined();
    expect(loads).toEqual(['there']);
    await cache.delete('not');
    expect(await cache.getOrLoad('not', load)).toBe('of not');
  });

  test('entries are dropped by a tag that the loader gave them, and all of them at once', async () => {
    const cache = open();
    for (const key of ['a1', 'a2', 'b1']) await cache.getOrLoad(key, tagged);
    await cache.deleteTags('a');
    expect(['a1', 'a2', 'b1'].map((key) => cache.getInMemory(key))).toEqual([undefined, undefined, 'b1']);
    await cache.clear();
    expect([...cache.entries()]).toEqual([]);
  });

  test('a load that began before its tag was cleared is not kept', async () => {
    const cache = open();
    const source = new Source();
    const before = cache.getOrLoad('k', source.load, { tags: ['t'] });
    await settled();
    await cache.deleteTags('t');
    source.answer();
    await before;
    expect(cache.getInMemory('k')).toBeUndefined();
  });

  test('an evicted entry leaves no trace of its tags', async () => {
    const cache = open({ memory: { maxEntries: 1 } });
    await cache.set('a', '1', { tags: ['t'] });
    await cache.set('b', '2', { tags: ['u'] });
    await cache.deleteTags('t');
    expect(cache.getInMemory('b')).toBe('2');
  });

  test.each([
    { policy: { ttlMs: 0 }, message: 'ttlMs' },
    { policy: { ttlJitter: 1.1 }, message: 'ttlJitter' },
    { policy: { negativeTtlMs: -1 }, message: 'negativeTtlMs' },
    { policy: { hardTimeoutMs: Number.NaN }, message: 'hardTimeoutMs' },
    { space: 'a/b', message: 'space' },
    { space: '', message: 'space' },
  ])('bad options name what is wrong: $message', ({ message, ...options }) => {
    expect(() => open(options)).toThrow(CacheError);
    expect(() => open(options)).toThrow(message);
  });

  test('two caches of one process cannot be in one space', () => {
    const coherence = new Coherence();
    open({ coherence });
    expect(() => open({ coherence })).toThrow(expect.objectContaining({ code: 'ERR_CACHE_OPTIONS' }));
  });
});

describe('values that have outlived their time', () => {
  const policy = { ttlMs: 100, ttlJitter: 0, negativeTtlMs: 10 };

  test('are given at once while they are loaded anew', async () => {
    const cache = open({ policy: { ...policy, staleWhileRevalidateMs: 50 } });
    const source = new Source();
    await cache.set('k', 'old');
    await time.advance(120);
    expect(await cache.answer('k', source.load)).toEqual({ value: 'old', source: 'stale' });
    expect(await cache.answer('k', source.load)).toEqual({ value: 'old', source: 'stale' });
    expect(source.loads).toBe(1);
    source.answer();
    await settled();
    expect(cache.getInMemory('k')).toBe('v1');
  });

  test('are not given after a write', async () => {
    const cache = open({ policy: { ...policy, staleWhileRevalidateMs: 50, staleIfErrorMs: 1000 } });
    await cache.set('k', 'old');
    await time.advance(120);
    await cache.delete('k');
    expect(await cache.getOrLoad('k', load)).toBe('of k');
    await time.advance(120);
    await cache.delete('k');
    await expect(cache.getOrLoad('k', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
  });

  test('are given where loading fails, and it is not tried again at once', async () => {
    const cache = open({ policy: { ...policy, staleIfErrorMs: 1000, errorBackoffMs: 30 } });
    let tries = 0;
    const failing = async (): Promise<string> => {
      tries += 1;
      throw new Error('down');
    };
    await cache.set('k', 'old');
    await time.advance(100);
    expect(await cache.answer('k', failing)).toEqual({ value: 'old', source: 'stale' });
    expect(await cache.answer('k', failing)).toEqual({ value: 'old', source: 'stale' });
    expect(tries).toBe(1);
    await time.advance(30);
    await cache.answer('k', failing);
    expect(tries).toBe(2);
    await time.advance(1000);
    await expect(cache.answer('k', failing)).rejects.toThrow('down');
  });

  test('are given where loading is slow; what comes late is kept', async () => {
    const cache = open({ policy: { ...policy, staleIfErrorMs: 1000, softTimeoutMs: 20 } });
    const source = new Source();
    await cache.set('k', 'old');
    await time.advance(100);
    const reader = cache.answer('k', source.load);
    await time.advance(20);
    expect(await reader).toEqual({ value: 'old', source: 'stale' });
    source.answer();
    await settled();
    expect(cache.getInMemory('k')).toBe('v1');
  });

  test('go to the loader, which may say that nothing has changed', async () => {
    const cache = open({ policy: { ...policy, staleIfErrorMs: 1000 } });
    await cache.set('k', 'old');
    await time.advance(100);
    expect(await cache.answer('k', async (key, call) => `${call.previous(key)}, unchanged`)).toEqual({ value: 'old, unchanged', source: 'loader' });
  });

  test('are loaded anew ahead of their time, by the first who draws an early moment', async () => {
    const cache = open({ policy: { ...policy, refreshAfter: 0.8 }, random: () => 0.5 });
    const source = new Source();
    await cache.set('k', 'old');
    await time.advance(89);
    expect(await cache.getOrLoad('k', source.load)).toBe('old');
    expect(source.loads).toBe(0);
    await time.advance(1);
    expect(await cache.getOrLoad('k', source.load)).toBe('old');
    expect(await cache.getOrLoad('k', source.load)).toBe('old');
    expect(source.loads).toBe(1);
    source.answer();
    await settled();
    expect(cache.getInMemory('k')).toBe('v1');
    await time.advance(50);
    expect(cache.getInMemory('k')).toBe('v1');
  });

  test('stay for all their time when an early load fails, and it is not tried again at once', async () => {
    const cache = open({ policy: { ...policy, refreshAfter: 0.5, errorBackoffMs: 20 } });
    let tries = 0;
    const failing = (): Promise<string> => Promise.reject(new Error(`down ${(tries += 1)}`));
    await cache.set('k', 'old');
    await time.advance(60);
    for (let i = 0; i < 3; i += 1) {
      await cache.getOrLoad('k', failing);
      await settled();
    }
    expect(tries).toBe(1);
    await time.advance(39);
    expect(await cache.getOrLoad('k', failing)).toBe('old');
    expect(tries).toBe(2);
    await time.advance(1);
    expect(cache.getInMemory('k')).toBeUndefined();
  });
});
