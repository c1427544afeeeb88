import { beforeEach, describe, expect, test } from 'vitest';
import { Source } from '../test/source.ts';
import { type Instance, World } from '../test/world.ts';
import type { CachePolicy } from './cache-policy.ts';
import { structuredCodec } from './codec.ts';
import type { TieredCacheOptions } from './tiered-cache-options.ts';

let world: World;
let source: Source;
beforeEach(() => {
  world = new World();
  source = new Source();
});

const policy: Partial<CachePolicy> = { ttlMs: 1000, memoryTtlMs: 100, ttlJitter: 0 };

async function two<V = string>(options: Partial<TieredCacheOptions<V>> = {}): Promise<readonly [Instance<V>, Instance<V>]> {
  return [await world.instance<V>({ policy, ...options }), await world.instance<V>({ policy, ...options })];
}

const load = async (key: string): Promise<string> => `of ${key}`;
const never = (): Promise<string> => Promise.reject(new Error('not to be loaded'));

/** Lets what was begun come to its end, without time. */
async function quiet(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await world.time.advance(0);
}

function manyKeys(prefix: string): readonly string[] {
  return Array.from({ length: 50 }, (_, i) => `${prefix}${i}`);
}

/** @returns the names of the calls that the tier gets from now on */
function spyOnTier(): string[] {
  const calls: string[] = [];
  for (const name of ['lease', 'store', 'read'] as const) {
    const original = world.tier[name].bind(world.tier);
    Object.assign(world.tier, { [name]: (...given: [never, never]) => (calls.push(name), original(...given)) });
  }
  return calls;
}

describe('two instances', () => {
  test('what one has loaded the other finds in the shared tier', async () => {
    const [one, other] = await two();
    await run(one.cache.getOrLoad('k', load));
    expect(await run(other.cache.answer('k', never))).toEqual({ value: 'of k', source: 'shared' });
    expect(await run(other.cache.answer('k', never))).toEqual({ value: 'of k', source: 'memory' });
  });

  test('a reader without a loader finds it, too, and keeps it', async () => {
    const [one, other] = await two();
    await run(one.cache.getOrLoadMany(['a', 'b'], async (keys) => keys.map(String)));
    expect(await run(other.cache.getMany(['a', 'b', 'c']))).toEqual(['a', 'b', undefined]);
    expect(other.cache.getInMemory('a')).toBe('a');
  });

  test('of all who miss a key at the same time one loads', async () => {
    const [one, other] = await two();
    const readers = [one, other].flatMap(({ cache }) => Array.from({ length: 50 }, () => cache.getOrLoad('k', source.load)));
    await world.time.advance(200);
    expect(source.loads).toBe(1);
    source.answer();
    await world.time.advance(100);
    expect(new Set(await Promise.all(readers))).toEqual(new Set(['v1']));
    expect(source.loads).toBe(1);
  });

  test('an entry that was to live longer than the policy says does not come back after it was cleared', async () => {
    const [one] = await two();
    await run(one.cache.set('k', 'v', { ttlMs: 3_600_000 }));
    await run(one.cache.clear());
    await world.time.advance(60_000);
    const later = await world.instance({ policy });
    expect(await run(later.cache.get('k'))).toBeUndefined();
  });

  test('no entry lives longer than the policy lets it', async () => {
    const [one, other] = await two({ policy: { ...policy, maxTtlMs: 2000 } });
    await run(one.cache.set('k', 'v', { ttlMs: 3_600_000 }));
    await world.time.advance(1999);
    expect(await run(other.cache.get('k'))).toBe('v');
    await world.time.advance(1);
    expect(await run(other.cache.get('k'))).toBeUndefined();
  });

  test('what was set before everything was cleared is gone, and what was set after it is there, whoever has the wrong time', async () => {
    for (const wrongByMs of [-5000, 5000]) {
      const wrong = new World();
      await wrong.time.advance(10_000);
      const clock = { now: () => wrong.time.now() + wrongByMs };
      const one = await wrong.instance({ policy: { ...policy, ttlMs: 60_000 }, clock });
      const other = await wrong.instance({ policy: { ...policy, ttlMs: 60_000 } });
      const done = async <T>(work: Promise<T>): Promise<T> => {
        for (let i = 0; i < 20; i += 1) await wrong.time.advance(0);
        return work;
      };
      await done(one.cache.set('before', 'v'));
      await wrong.time.advance(1);
      await done(other.cache.clear());
      await wrong.time.advance(1);
      await done(one.cache.set('after', 'v'));
      expect(await done(other.cache.getMany(['before', 'after']))).toEqual([undefined, 'v']);
    }
  });

  test('one whose other has gone while loading loads itself, after its patience', async () => {
    const [one, other] = await two({ policy: { ...policy, sharedWaitMs: 300 } });
    void one.cache.getOrLoad('k', () => new Promise(() => undefined)).catch(() => undefined);
    await world.time.advance(10);
    const reader = other.cache.getOrLoad('k', load);
    await world.time.advance(400);
    expect(await reader).toBe('of k');
  });

  test('a lease that was granted unheard, or a value that was stored unheard, holds nobody up', async () => {
    const [one, other] = await two({ policy: { ...policy, sharedWaitMs: 60_000 } });
    world.losesAnswers = true;
    expect(await run(one.cache.getOrLoad('k', load))).toBe('of k');
    world.losesAnswers = false;
    await world.time.advance(500);
    expect(await run(other.cache.answer('k', load))).toEqual({ value: 'of k', source: 'loader' });
  });

  test('one whose load failed leaves it to the other at once', async () => {
    const [one, other] = await two();
    const failing = one.cache.getOrLoad('k', source.load).catch(String);
    await world.time.advance(10);
    const waiting = other.cache.getOrLoad('k', load);
    await world.time.advance(10);
    source.fail();
    expect(await failing).toContain('down');
    await world.time.advance(50);
    expect(await waiting).toBe('of k');
  });

  test('a write in one is seen in the other', async () => {
    const [one, other] = await two();
    await run(one.cache.getOrLoad('k', async () => 'old'));
    await run(other.cache.get('k'));
    await run(one.cache.delete('k'));
    await quiet();
    expect(await run(other.cache.getOrLoad('k', async () => 'new'))).toBe('new');
    expect(await run(one.cache.answer('k', never))).toEqual({ value: 'new', source: 'shared' });
  });

  test('a slow load in one never buries a write in the other, in either tier', async () => {
    const [one, other] = await two();
    const before = one.cache.getOrLoad('k', source.load);
    await world.time.advance(1);
    source.value = 'v2';
    await run(other.cache.delete('k'));
    await quiet();
    source.answer();
    expect(await run(before)).toBe('v1');
    await quiet();
    expect(await run(other.cache.get('k'))).toBeUndefined();
    expect(await run(one.cache.get('k'))).toBeUndefined();
  });

  test('what one sets the other gets, and not what it had before', async () => {
    const [one, other] = await two();
    await run(other.cache.set('k', 'old'));
    await run(one.cache.set('k', 'new'));
    await quiet();
    expect(await run(other.cache.get('k'))).toBe('new');
  });

  test('memory asks the shared tier again after its own time, and finds what is newer there', async () => {
    const [one, other] = await two();
    await run(one.cache.getOrLoad('k', load));
    await run(other.cache.get('k'));
    await world.time.advance(100);
    expect(await run(other.cache.answer('k', never))).toEqual({ value: 'of k', source: 'shared' });
  });

  test('a value is not kept in memory for longer than it has left in the shared tier', async () => {
    const [one, other] = await two({ policy: { ...policy, ttlMs: 1000, memoryTtlMs: 800 } });
    await run(one.cache.set('k', 'v'));
    await world.time.advance(900);
    await run(other.cache.get('k'));
    await world.time.advance(99);
    expect(other.cache.getInMemory('k')).toBe('v');
    await world.time.advance(1);
    expect(other.cache.getInMemory('k')).toBeUndefined();
  });

  test('a value past its time is replaced by one of them, and stays there for the others until then', async () => {
    const [one, other] = await two({ policy: { ...policy, staleIfErrorMs: 5000 } });
    await run(one.cache.set('k', 'old'));
    await world.time.advance(1000);
    expect(await run(other.cache.answer('k', () => Promise.reject(new Error('down'))))).toEqual({ value: 'old', source: 'stale' });
    expect(await run(one.cache.answer('k', load))).toEqual({ value: 'of k', source: 'loader' });
    await world.time.advance(1000);
    expect(await run(other.cache.answer('k', never))).toMatchObject({ source: 'stale' });
  });

  test('an early load of one spares the other its own', async () => {
    const [one, other] = await two({ policy: { ...policy, memoryTtlMs: 1000, refreshAfter: 0.5 }, random: () => 0 });
    await run(one.cache.set('k', 'old'));
    await run(other.cache.get('k'));
    await world.time.advance(600);
    expect(await run(one.cache.getOrLoad('k', async () => 'new'))).toBe('old');
    await quiet();
    expect(await run(other.cache.getOrLoad('k', never))).toBe('old');
    await quiet();
    expect(other.cache.getInMemory('k')).toBe('new');
  });

  test('a tag drops entries of both, also those that only the shared tier has', async () => {
    const [one, other] = await two();
    await run(one.cache.set('a', '1', { tags: ['t'] }));
    await run(one.cache.set('b', '2', { tags: ['u'] }));
    await world.time.advance(1);
    await run(other.cache.deleteTags('t'));
    await quiet();
    expect(await run(one.cache.getMany(['a', 'b']))).toEqual([undefined, '2']);
    expect(await run(other.cache.getMany(['a', 'b']))).toEqual([undefined, '2']);
    await world.time.advance(1);
    expect(await run(other.cache.getOrLoad('a', load, { tags: ['t'] }))).toBe('of a');
    await quiet();
    expect(await run(one.cache.answer('a', never))).toEqual({ value: 'of a', source: 'shared' });
  });

  test('a load that began before its tag was cleared elsewhere is in no tier afterwards', async () => {
    const [one, other] = await two();
    const before = one.cache.getOrLoad('k', source.load, { tags: ['t'] });
    await world.time.advance(1);
    await run(other.cache.deleteTags('t'));
    source.answer();
    await run(before);
    await quiet();
    expect(await run(one.cache.get('k'))).toBeUndefined();
    expect(await run(other.cache.get('k'))).toBeUndefined();
  });

  test('a clear takes everything of its space, and nothing of another', async () => {
    const [one, other] = await two();
    const elsewhere = await world.instance<string>({ policy, space: 'else' });
    await run(one.cache.set('k', 'v'));
    await run(elsewhere.cache.set('k', 'v'));
    await world.time.advance(1);
    await run(other.cache.clear());
    await quiet();
    expect(await run(one.cache.get('k'))).toBeUndefined();
    expect(await run(elsewhere.cache.get('k'))).toBe('v');
  });

  test('many keys are one question to the tier, and one for what was loaded', async () => {
    const [one] = await two();
    const calls = spyOnTier();
    await run(one.cache.getOrLoadMany(manyKeys('a'), async (asked) => asked.map(String)));
    await quiet();
    // It does not know yet that the tier has little.
    expect(calls.splice(0)).toEqual(['read', 'lease', 'store']);
    await run(one.cache.getOrLoadMany(manyKeys('b'), async (asked) => asked.map(String)));
    await quiet();
    expect(calls).toEqual(['lease', 'store']);
  });

  test('where the tier has most, it is read, and asked for leases of the rest alone', async () => {
    const [one, other] = await two();
    const keys = manyKeys('a');
    await run(one.cache.getOrLoadMany(keys.slice(1), async (asked) => asked.map(String)));
    await quiet();
    const calls = spyOnTier();
    const loaded: string[] = [];
    await run(other.cache.getOrLoadMany(keys, async (asked) => (loaded.push(...asked), asked.map(String))));
    await quiet();
    expect(loaded).toEqual(keys.slice(0, 1));
    expect(calls).toEqual(['read', 'lease', 'store']);
    for (const key of keys) expect(other.cache.getInMemory(key)).toBe(key);
  });

  test('what is read there and has outlived its time is replaced with one lease', async () => {
    const [one, other] = await two({ policy: { ...policy, staleIfErrorMs: 5000 } });
    await run(one.cache.getOrLoad('k', async () => 'old'));
    await world.time.advance(2000);
    const calls = spyOnTier();
    expect(await run(other.cache.getOrLoad('k', async (key, call) => `after ${call.previous(key)}`))).toBe('after old');
    expect(calls).toEqual(['read', 'lease', 'store']);
  });

  test('what is expired is loaded anew by the next reader anywhere, and given out where that fails', async () => {
    const [one, other] = await two({ policy: { ...policy, staleIfErrorMs: 10_000 } });
    for (const { cache } of [one, other]) await run(cache.getOrLoad('k', async () => 'old'));
    await quiet();
    expect(await run(one.cache.expire('k', 'nowhere'))).toBe(true);
    for (const { cache } of [one, other]) {
      expect(await run(cache.get('k'))).toBeUndefined();
      expect(await run(cache.answer('k', never))).toEqual({ value: 'old', source: 'stale' });
    }
    await world.time.advance(1000);
    expect(await run(other.cache.answer('k', async () => 'new'))).toEqual({ value: 'new', source: 'loader' });
    await quiet();
    expect(await run(one.cache.answer('k', never))).toEqual({ value: 'new', source: 'shared' });
  });

  test('what is expired while it is written is gone, and no fallback for later readers', async () => {
    const [one, other] = await two({ policy: { ...policy, staleIfErrorMs: 10_000 } });
    await run(one.cache.getOrLoad('k', async () => 'old'));
    await quiet();
    const store = world.tier.store.bind(world.tier);
    world.tier.store = async (values) => {
      // What a write of the other does, in the moment before.
      await world.tier.invalidate(['s/k']);
      void other.bus.publish('["s/k"]');
      return store(values);
    };
    await run(one.cache.expire('k'));
    for (const { cache } of [one, other]) expect(await run(cache.getOrLoad('k', never).catch(String))).toContain('not to be loaded');
  });

  test('what was written unheard is no fallback', async () => {
    const [one, other] = await two({ policy: { ...policy, staleIfErrorMs: 10_000 } });
    await run(one.cache.getOrLoad('k', async () => 'old'));
    one.bus.dropNext = 1;
    await run(other.cache.delete('k'));
    expect(await run(one.cache.answer('k', never).catch(String))).toEqual('Error: not to be loaded');
  });

  test('where no stale value may be given out, expired is deleted', async () => {
    const [one, other] = await two();
    await run(one.cache.getOrLoad('k', load));
    await quiet();
    await run(other.cache.expire('k'));
    expect(await run(one.cache.getOrLoad('k', never).catch(String))).toContain('not to be loaded');
  });

  test('an entry that is not shared is kept in one process alone, and others drop what they had', async () => {
    const [one, other] = await two();
    await run(one.cache.getOrLoad('loaded', load, { isShared: false }));
    await quiet();
    expect(one.cache.getInMemory('loaded')).toBe('of loaded');
    expect(await run(other.cache.get('loaded'))).toBeUndefined();
    // The lease is given back: nobody waits for what will not come.
    expect(await run(other.cache.answer('loaded', async () => 'own'))).toEqual({ value: 'own', source: 'loader' });
    await run(other.cache.set('set', 'shared'));
    expect(await run(one.cache.get('set'))).toBe('shared');
    await run(one.cache.set('set', 'own', { isShared: false }));
    expect(one.cache.getInMemory('set')).toBe('own');
    expect(await run(other.cache.get('set'))).toBeUndefined();
  });

  test('an entry with no time in memory is asked for in the tier each time', async () => {
    const [one, other] = await two();
    await run(one.cache.getOrLoad('k', load, { memoryTtlMs: 0 }));
    await quiet();
    expect(await run(other.cache.answer('k', never))).toEqual({ value: 'of k', source: 'shared' });
    expect(await run(other.cache.answer('k', never))).toEqual({ value: 'of k', source: 'shared' });
    expect(one.cache.getInMemory('k')).toBeUndefined();
  });

  test('that there is nothing is shared, too', async () => {
    const [one, other] = await two<string | undefined>({ policy: { ...policy, negativeTtlMs: 50 } });
    await run(one.cache.getOrLoad('k', async () => undefined));
    await quiet();
    expect(await run(other.cache.answer('k', never))).toEqual({ value: undefined, source: 'shared' });
  });

  test('what cannot be read is loaded anew and replaced', async () => {
    const unreadable: string[] = [];
    const [one, other] = await two({ listener: { unreadable: (key) => void unreadable.push(key) } });
    await world.tier.put([{ key: 's/k', bytes: Buffer.from('not an entry'), ttlMs: 1000 }]);
    expect(await run(one.cache.getOrLoad('k', load))).toBe('of k');
    await quiet();
    expect(await run(other.cache.answer('k', never))).toEqual({ value: 'of k', source: 'shared' });
    expect(unreadable).toEqual(['k']);
  });

  test('what cannot be encoded is given and kept in memory, and not shared', async () => {
    const [one, other] = await two<unknown>();
    const value = { big: 1n };
    expect(await run(one.cache.getOrLoad('k', async () => value))).toBe(value);
    expect(one.cache.getInMemory('k')).toBe(value);
    expect(await run(other.cache.get('k'))).toBeUndefined();
  });

  test('a load of what cannot be encoded leaves no lease behind that others would wait for', async () => {
    const [one, other] = await two<unknown>({ policy: { ...policy, sharedWaitMs: 60_000 } });
    await run(one.cache.getOrLoad('k', async () => ({ big: 1n })));
    expect(await run(other.cache.answer('k', load))).toEqual({ value: 'of k', source: 'loader' });
  });

  test('what is large is packed in the shared tier, and arrives whole', async () => {
    const [one, other] = await two({ policy: { ...policy, compressAboveBytes: 1000 } });
    const large = 'gold '.repeat(1000);
    await run(one.cache.set('k', large));
    const [record] = await world.tier.read(['s/k']);
    expect(record?.bytes.length).toBeLessThan(200);
    expect(await run(other.cache.get('k'))).toBe(large);
  });

  test('a codec of the reader carries what JSON cannot', async () => {
    const [one, other] = await two<unknown>({ codec: structuredCodec<unknown>() });
    const value = { id: 2n ** 60n, at: new Date(5), tags: new Set(['a']) };
    await run(one.cache.set('k', value));
    expect(await run(other.cache.get('k'))).toEqual(value);
  });
});

/** Lets the ways of the world be gone while something is waited for. */
async function run<T>(work: Promise<T>): Promise<T> {
  await quiet();
  return work;
}
