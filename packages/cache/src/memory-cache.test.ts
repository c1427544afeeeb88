import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryCache, type EvictionReason } from './memory-cache.ts';
import { FakeClock } from './test/fake-clock.ts';

const code = (name: string) => expect.objectContaining({ code: name });

describe('bounds', () => {
  test('what is set is there afterwards, and the bounds hold, under any policy and weights', () => {
    const step = fc.record({ key: fc.constantFrom(...'abcdefghij'.split('')), bytes: fc.integer({ min: 0, max: 12 }), isRead: fc.boolean() });
    fc.assert(
      fc.property(fc.constantFrom('lru', 'lfu', 'fifo', 's3-fifo'), fc.array(step, { maxLength: 200 }), (policy, steps) => {
        const cache = new MemoryCache<number>({ maxEntries: 6, maxBytes: 20, sizeOf: (bytes) => bytes, policy });
        for (const { key, bytes, isRead } of steps) {
          if (isRead) cache.get(key);
          else {
            expect(cache.set(key, bytes)).toBe(true);
            expect(cache.peek(key)).toBe(bytes);
          }
          const held = [...cache.entries()];
          expect(cache.bytes).toBe(held.reduce((sum, [, bytes]) => sum + bytes, 0));
          expect([cache.bytes <= 20, cache.size <= 6, cache.size === held.length]).toEqual([true, true, true]);
        }
      }),
    );
  });

  test('a value heavier than the cache is not stored, and what it replaces is gone', () => {
    const cache = new MemoryCache<string>({ maxBytes: 10, sizeOf: (value) => value.length });
    cache.set('a', 'short');
    cache.set('b', 'four');
    expect(cache.set('a', 'much too long')).toBe(false);
    expect([cache.peek('a'), cache.peek('b'), cache.bytes]).toEqual([undefined, 'four', 4]);
  });

  test.each([Number.NaN, -1, Infinity])('sizeOf of %d is refused, and the cache stays as it was', (bytes) => {
    const cache = new MemoryCache<number>({ maxBytes: 10, sizeOf: (value) => (value === 0 ? bytes : 1) });
    cache.set('a', 5);
    expect(() => cache.set('a', 0)).toThrow(code('ERR_CACHE_SIZE'));
    expect([cache.peek('a'), cache.bytes]).toEqual([5, 1]);
  });

  test.each([
    {},
    { maxEntries: 0 },
    { maxEntries: 1.5 },
    { maxBytes: 0, sizeOf: () => 1 },
    { maxBytes: 10 },
    { maxEntries: 1, ttlMs: 0 },
    { maxEntries: 1, ttlMs: Number.NaN },
    { maxEntries: 1, ttlJitter: 1.1 },
  ])('options %j are refused', (options) => {
    expect(() => new MemoryCache(options)).toThrow(code('ERR_CACHE_OPTIONS'));
  });

  test.each(['nope', '__proto__', 'constructor'])('there is no policy "%s"', (policy) => {
    const options = JSON.parse(JSON.stringify({ maxEntries: 1, policy }));
    expect(() => new MemoryCache(options)).toThrow(code('ERR_CACHE_OPTIONS'));
  });
});

describe('time', () => {
  test('an entry is gone at the end of its time and not before', () => {
    const clock = new FakeClock();
    const cache = new MemoryCache<number>({ maxEntries: 10, ttlMs: 1000, clock });
    cache.set('a', 1);
    cache.set('b', 2, { ttlMs: 500 });
    cache.set('c', 3, { ttlMs: Infinity });
    clock.ms += 999;
    expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual([1, undefined, 3]);
    clock.ms += 1;
    expect(['a', 'b', 'c'].map((key) => cache.has(key))).toEqual([false, false, true]);
    expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual([undefined, undefined, 3]);
    expect(cache.stats()).toMatchObject({ hits: 3, misses: 3, expirations: 2, entries: 1 });
    expect(cache.delete('a')).toBe(false);
  });

  test('overwriting starts the time anew', () => {
    const clock = new FakeClock();
    const cache = new MemoryCache<number>({ maxEntries: 10, ttlMs: 1000, clock });
    cache.set('a', 1);
    clock.ms += 900;
    cache.set('a', 2);
    clock.ms += 900;
    expect(cache.get('a')).toBe(2);
  });

  test('jitter shortens and never lengthens', () => {
    const clock = new FakeClock();
    const draws = [0, 0.5, 0.999];
    const cache = new MemoryCache<number>({ maxEntries: 10, ttlMs: 1000, ttlJitter: 0.2, clock, random: () => draws.shift() ?? 0 });
    for (const key of ['a', 'b', 'c']) cache.set(key, 1);
    const alive = (): boolean[] => ['a', 'b', 'c'].map((key) => cache.has(key));
    clock.ms += 800;
    expect(alive()).toEqual([true, true, true]);
    clock.ms += 1;
    expect(alive()).toEqual([true, true, false]);
    clock.ms += 99;
    expect(alive()).toEqual([true, false, false]);
    clock.ms += 100;
    expect(alive()).toEqual([false, false, false]);
  });

  test('what is dead does not stay: as many sets as half the cache find all of it', () => {
    const clock = new FakeClock();
    const gone: [string, EvictionReason][] = [];
    const cache = new MemoryCache<number>({ maxEntries: 1000, clock, onEvict: (key, _value, reason) => gone.push([key, reason]) });
    for (let i = 0; i < 100; i += 1) cache.set(`dead${i}`, 1, { ttlMs: 10 });
    clock.ms += 10;
    for (let i = 0; i < 101; i += 1) cache.set(`live${i}`, 1, { ttlMs: 1000 });
    expect(cache.size).toBe(101);
    expect(gone).toHaveLength(100);
    expect(new Set(gone.map(([, reason]) => reason))).toEqual(new Set(['expired']));
  });

  test('property: a reader never sees a value past its time, and always one within it where there is room', () => {
    const step = fc.record({
      key: fc.constantFrom(...'abcdef'.split('')),
      kind: fc.constantFrom('get', 'set', 'peek', 'delete'),
      ttlMs: fc.integer({ min: 1, max: 50 }),
      waitMs: fc.nat(30),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const clock = new FakeClock();
        const cache = new MemoryCache<number>({ maxEntries: 6, clock });
        const model = new Map<string, { value: number; until: number }>();
        for (const [i, { key, kind, ttlMs, waitMs }] of steps.entries()) {
          clock.ms += waitMs;
          const known = model.get(key);
          const expected = known !== undefined && clock.ms < known.until ? known.value : undefined;
          if (kind === 'get') expect(cache.get(key)).toBe(expected);
          if (kind === 'peek') expect(cache.peek(key)).toBe(expected);
          if (kind === 'delete') {
            expect(cache.delete(key)).toBe(expected !== undefined);
            model.delete(key);
          }
          if (kind !== 'set') continue;
          cache.set(key, i, { ttlMs });
          model.set(key, { value: i, until: clock.ms + ttlMs });
        }
      }),
    );
  });

  test('a lifetime of 0 is refused', () => {
    const cache = new MemoryCache<number>({ maxEntries: 1 });
    expect(() => cache.set('a', 1, { ttlMs: 0 })).toThrow(code('ERR_CACHE_OPTIONS'));
  });
});

describe('the rest', () => {
  test('undefined is "not there": setting it deletes', () => {
    const cache = new MemoryCache<number | undefined>({ maxEntries: 5 });
    cache.set('a', 1);
    expect(cache.set('a', undefined)).toBe(false);
    expect(cache.size).toBe(0);
  });

  test('other empty values are values', () => {
    const cache = new MemoryCache<unknown>({ maxEntries: 5 });
    for (const value of [0, '', false, null]) {
      cache.set('a', value);
      expect([cache.has('a'), cache.get('a')]).toEqual([true, value]);
    }
  });

  test('keys that look like properties are keys', () => {
    const cache = new MemoryCache<number>({ maxEntries: 5 });
    expect(cache.get('__proto__')).toBeUndefined();
    cache.set('__proto__', 1);
    expect([cache.get('__proto__'), cache.get('constructor')]).toEqual([1, undefined]);
  });

  test('peek and has leave no trace', () => {
    const cache = new MemoryCache<number>({ maxEntries: 2, policy: 'lru' });
    cache.set('a', 1);
    cache.set('b', 2);
    expect([cache.peek('a'), cache.has('a'), cache.has('x')]).toEqual([1, true, false]);
    cache.set('c', 3);
    expect([cache.has('a'), cache.stats()]).toEqual([false, { hits: 0, misses: 0, evictions: 1, expirations: 0, entries: 2, bytes: 0 }]);
  });

  test.each([{ policy: 'lru' }, { policy: 'lfu' }, { policy: 'fifo' }, { policy: 's3-fifo' }] as const)(
    'after clear a cache of $policy is as new',
    ({ policy }) => {
      const cache = new MemoryCache<number>({ maxEntries: 3, maxBytes: 30, sizeOf: () => 10, policy, ttlMs: 10 });
      for (const key of ['a', 'b', 'c', 'd']) cache.set(key, 1);
      cache.clear();
      expect([cache.size, cache.bytes, cache.get('d')]).toEqual([0, 0, undefined]);
      for (const key of ['e', 'f', 'g', 'h']) cache.set(key, 1);
      expect([cache.size, cache.bytes]).toEqual([3, 30]);
    },
  );
});
