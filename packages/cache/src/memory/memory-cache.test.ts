import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FakeClock } from '../test/fake-clock.ts';
import { MemoryCache } from './memory-cache.ts';
import type { EvictionReason } from './options.ts';
import type { PolicyName } from './policies/index.ts';

const everyPolicy: readonly PolicyName[] = ['adaptive', 'lru', 'lfu', 'fifo'];
const code = (name: string) => expect.objectContaining({ code: name });

describe('bounds', () => {
  test('what is set is there afterwards, and the bounds hold, under any policy and weights', () => {
    const step = fc.record({ key: fc.constantFrom(...'abcdefghij'.split('')), bytes: fc.integer({ min: 0, max: 12 }), isRead: fc.boolean() });
    fc.assert(
      fc.property(fc.constantFrom(...everyPolicy), fc.array(step, { maxLength: 200 }), (policy, steps) => {
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

  test('what came without an end has none, though others after it have', () => {
    const clock = new FakeClock();
    const cache = new MemoryCache<number>({ maxEntries: 10, clock });
    cache.set('a', 1);
    cache.set('b', 1, { ttlMs: 10 });
    clock.ms += 1e9;
    expect([cache.get('a'), cache.get('b'), cache.expiresAt('a')]).toEqual([1, undefined, Infinity]);
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

  test.each(everyPolicy)('after clear a cache of %s is as new', (policy) => {
    const cache = new MemoryCache<number>({ maxEntries: 3, maxBytes: 30, sizeOf: () => 10, policy, ttlMs: 10, clock: new FakeClock() });
    for (const key of ['a', 'b', 'c', 'd']) cache.set(key, 1);
    cache.clear();
    expect([cache.size, cache.bytes, cache.get('d')]).toEqual([0, 0, undefined]);
    for (const key of ['e', 'f', 'g', 'h']) cache.set(key, 1);
    expect([cache.size, cache.bytes]).toEqual([3, 30]);
  });

  test('expiresAt tells the end of an entry’s time without a trace', () => {
    const clock = new FakeClock();
    const cache = new MemoryCache<number>({ maxEntries: 5, ttlMs: 100, clock });
    cache.set('a', 1);
    cache.set('b', 1, { ttlMs: Infinity });
    expect([cache.expiresAt('a'), cache.expiresAt('b'), cache.expiresAt('c')]).toEqual([clock.ms + 100, Infinity, undefined]);
    clock.ms += 100;
    expect([cache.expiresAt('a'), cache.stats().misses]).toEqual([undefined, 0]);
  });

  test('the default clock lets go of entries, too', async () => {
    const cache = new MemoryCache<number>({ maxEntries: 5 });
    cache.set('a', 1, { ttlMs: 5 });
    cache.set('b', 1, { ttlMs: 3_600_000 });
    await expect.poll(() => cache.get('a')).toBeUndefined();
    expect(cache.get('b')).toBe(1);
  });
});

describe('keys', () => {
  test('whole numbers are keys, and not the same as their digits', () => {
    const cache = new MemoryCache<string, number | string>({ maxEntries: 100 });
    for (const key of [0, -1, 7, 2 ** 40]) cache.set(key, `number ${key}`);
    cache.set('7', 'digits');
    expect([0, -1, 7, 2 ** 40, '7', 8].map((key) => cache.get(key))).toEqual(['number 0', 'number -1', 'number 7', `number ${2 ** 40}`, 'digits', undefined]);
    expect([cache.delete(7), cache.has(7), cache.has('7')]).toEqual([true, false, true]);
  });

  test('hottest names those first that the policy would keep longest', () => {
    for (const policy of ['adaptive', 'lfu'] as const) {
      const cache = new MemoryCache<number, number>({ maxEntries: 100, policy });
      for (let key = 1; key <= 100; key += 1) cache.set(key, 1);
      for (let key = 1; key <= 10; key += 1) for (let uses = 0; uses < 12 - key; uses += 1) cache.get(key);
      expect(cache.hottest(5), policy).toEqual([1, 2, 3, 4, 5]);
      expect([cache.hottest(0), cache.hottest(1000).length, new Set(cache.hottest(1000)).size]).toEqual([[], 100, 100]);
    }
    const recent = new MemoryCache<number, number>({ maxEntries: 100, policy: 'lru' });
    for (const key of [1, 2, 3]) recent.set(key, 1);
    recent.get(1);
    expect(recent.hottest(2)).toEqual([1, 3]);
  });

  test('hottest leaves out what is past its time', () => {
    const clock = new FakeClock();
    const cache = new MemoryCache<number>({ maxEntries: 5, clock });
    cache.set('a', 1, { ttlMs: 10 });
    cache.set('b', 1);
    clock.ms += 10;
    expect(cache.hottest(5)).toEqual(['b']);
  });
});

describe('resize', () => {
  test.each(everyPolicy)('property: with %s the books are right through any sets, reads, deletes and new bounds', (policy) => {
    const step = fc.record({
      kind: fc.constantFrom('get', 'set', 'set', 'set', 'delete', 'resize'),
      key: fc.integer({ min: 0, max: 60 }),
      bytes: fc.integer({ min: 0, max: 8 }),
      bound: fc.integer({ min: 1, max: 40 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
        let maxEntries = 20;
        let maxBytes = 60;
        const held = new Map<number, number>();
        const cache = new MemoryCache<number, number>({ maxEntries, maxBytes, sizeOf: (bytes) => bytes, policy, onEvict: (key) => held.delete(key) });
        for (const { kind, key, bytes, bound } of steps) {
          if (kind === 'get') expect(cache.get(key)).toBe(held.get(key));
          else if (kind === 'delete') expect(cache.delete(key)).toBe(held.delete(key));
          else if (kind === 'resize') {
            maxEntries = bound;
            maxBytes = bound * 3;
            cache.resize({ maxEntries, maxBytes });
          } else {
            const isStored = bytes <= maxBytes;
            expect(cache.set(key, bytes)).toBe(isStored);
            if (isStored) held.set(key, bytes);
            else held.delete(key);
          }
          expect(new Map(cache.entries())).toEqual(held);
          expect([cache.size, cache.bytes]).toEqual([held.size, [...held.values()].reduce((sum, one) => sum + one, 0)]);
          expect([held.size <= maxEntries, cache.bytes <= maxBytes]).toEqual([true, true]);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('a smaller cache keeps the hottest, a larger one has room at once, and a bound that is not named stays', () => {
    const cache = new MemoryCache<number, number>({ maxEntries: 100, maxBytes: 1000, sizeOf: () => 1 });
    for (let key = 0; key < 100; key += 1) cache.set(key, 1);
    for (let round = 0; round < 3; round += 1) for (let key = 0; key < 10; key += 1) cache.get(key);
    cache.resize({ maxEntries: 10 });
    expect([...cache.keys()].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    cache.resize({ maxEntries: 2000 });
    for (let key = 0; key < 2000; key += 1) cache.set(key, 1);
    expect(cache.size).toBe(1000);
    expect(cache.stats().evictions).toBe(90 + 1000);
  });

  test.each([{ maxEntries: 0 }, { maxEntries: 1.5 }, { maxBytes: 10 }])('bounds %j are refused, and the old ones stay', (bounds) => {
    const cache = new MemoryCache<number>({ maxEntries: 2 });
    expect(() => cache.resize(bounds)).toThrow(code('ERR_CACHE_OPTIONS'));
    for (const key of ['a', 'b', 'c']) cache.set(key, 1);
    expect(cache.size).toBe(2);
  });
});

describe('iteration', () => {
  test.each(everyPolicy)('with %s a walk goes on while entries come and go, and gives what stays just once', (policy) => {
    const cache = new MemoryCache<number, number>({ maxEntries: 200, policy });
    for (let key = 0; key < 100; key += 1) cache.set(key, key);
    const seen: number[] = [];
    for (const [key, value] of cache.entries()) {
      expect(value).toBe(key);
      seen.push(key);
      cache.delete(key % 2 === 0 ? key : -1);
      if (seen.length < 50) cache.set(1000 + seen.length, 1000 + seen.length);
    }
    const stayed = Array.from({ length: 50 }, (_, i) => 2 * i + 1);
    expect(seen.filter((key) => stayed.includes(key))).toEqual(stayed);
  });

  test('a walk over a cache that is cleared meanwhile ends', () => {
    const cache = new MemoryCache<number, number>({ maxEntries: 10 });
    for (let key = 0; key < 10; key += 1) cache.set(key, key);
    let steps = 0;
    for (const _ of cache.keys()) {
      steps += 1;
      cache.clear();
    }
    expect(steps).toBe(1);
  });
});
