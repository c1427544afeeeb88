import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { LoadingCache } from './loading-cache.ts';
import { MemoryCache } from './memory/memory-cache.ts';
import { FakeClock } from './test/fake-clock.ts';

/** A source of truth whose answers the test lets go one by one; a load sees what is true when it begins. */
class Source {
  value = 'v1';
  loads = 0;
  readonly #waiting: (() => void)[] = [];

  readonly load = (): Promise<string> => {
    this.loads += 1;
    const seen = this.value;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#waiting.push(() => resolve(seen));
    return promise;
  };

  /** Lets the oldest load go that still waits. */
  answer(): void {
    this.#waiting.shift()?.();
  }
}

let source: Source;
let memory: MemoryCache<string>;
let cache: LoadingCache<string>;
let events: string[];
beforeEach(() => {
  source = new Source();
  memory = new MemoryCache<string>({ maxEntries: 10 });
  events = [];
  cache = new LoadingCache({
    cache: memory,
    listener: {
      joined: (key) => events.push(`joined ${key}`),
      loaded: (key, isStored) => events.push(`loaded ${key} ${isStored}`),
      failed: (key) => events.push(`failed ${key}`),
    },
  });
});

describe('single flight', () => {
  test('many readers at the same time make one load', async () => {
    const readers = Array.from({ length: 100 }, () => cache.get('k', source.load));
    source.answer();
    expect(new Set(await Promise.all(readers))).toEqual(new Set(['v1']));
    expect(source.loads).toBe(1);
    expect(await cache.get('k', source.load)).toBe('v1');
    expect(source.loads).toBe(1);
    expect(events).toEqual([...Array.from({ length: 99 }, () => 'joined k'), 'loaded k true']);
  });

  test('keys load apart', async () => {
    expect(await Promise.all(['a', 'b', '__proto__'].map((key) => cache.get(key, async (asked) => `of ${asked}`)))).toEqual(['of a', 'of b', 'of __proto__']);
  });

  test('a failed load fails all its readers and is not remembered', async () => {
    const gate = Promise.withResolvers<string>();
    const readers = [cache.get('k', () => gate.promise), cache.get('k', source.load)];
    gate.reject(new Error('away'));
    expect((await Promise.allSettled(readers)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const again = cache.get('k', source.load);
    source.answer();
    expect(await again).toBe('v1');
    expect(events).toEqual(['joined k', 'failed k', 'loaded k true']);
  });

  test('a loader that throws before it returns a promise fails like any other', async () => {
    await expect(
      cache.get('k', () => {
        throw new Error('at once');
      }),
    ).rejects.toThrow('at once');
    const again = cache.get('k', source.load);
    source.answer();
    expect(await again).toBe('v1');
  });

  test('what was loaded lives as long as this get says', async () => {
    const clock = new FakeClock();
    const timed = new LoadingCache({ cache: new MemoryCache<string>({ maxEntries: 10, ttlMs: 1000, clock }) });
    let loads = 0;
    const read = (): Promise<string> => timed.get('k', async () => `load ${(loads += 1)}`, { ttlMs: 50 });
    expect(await read()).toBe('load 1');
    clock.ms += 49;
    expect(await read()).toBe('load 1');
    clock.ms += 1;
    expect(await read()).toBe('load 2');
  });

  test('a loaded undefined goes to the readers and is not stored', async () => {
    const maybe = new LoadingCache<string | undefined>({ cache: new MemoryCache<string | undefined>({ maxEntries: 10 }) });
    let loads = 0;
    const nothing = async (): Promise<string | undefined> => {
      loads += 1;
      return undefined;
    };
    expect([await maybe.get('k', nothing), await maybe.get('k', nothing), loads]).toEqual([undefined, undefined, 2]);
  });
});

describe('leases', () => {
  test('a load that began before a delete never stores its value', async () => {
    const early = cache.get('k', source.load);
    source.value = 'v2';
    cache.delete('k');
    source.answer();
    expect(await early).toBe('v1');
    expect(memory.has('k')).toBe(false);
    expect(events).toEqual(['loaded k false']);
  });

  test('a reader after the delete does not join the older flight', async () => {
    const early = cache.get('k', source.load);
    source.value = 'v2';
    cache.delete('k');
    const late = cache.get('k', source.load);
    source.answer();
    source.answer();
    expect([await early, await late, memory.peek('k'), source.loads]).toEqual(['v1', 'v2', 'v2', 2]);
  });

  test('the older flight does not end the lease of the newer one', async () => {
    const early = cache.get('k', source.load);
    source.value = 'v2';
    cache.delete('k');
    const late = cache.get('k', source.load);
    source.answer();
    await early;
    const joins = cache.get('k', source.load);
    expect(source.loads).toBe(2);
    source.answer();
    expect([await late, await joins, memory.peek('k')]).toEqual(['v2', 'v2', 'v2']);
  });

  test('an older flight that comes back last does not bury what the newer one stored', async () => {
    const gate = Promise.withResolvers<string>();
    const early = cache.get('k', () => gate.promise);
    cache.delete('k');
    expect(await cache.get('k', async () => 'v2')).toBe('v2');
    gate.resolve('v1');
    expect([await early, memory.peek('k')]).toEqual(['v1', 'v2']);
  });

  test('a failed older flight does not end the lease of the newer one', async () => {
    const gate = Promise.withResolvers<string>();
    const early = cache.get('k', () => gate.promise);
    cache.delete('k');
    const late = cache.get('k', source.load);
    gate.reject(new Error('away'));
    await expect(early).rejects.toThrow('away');
    source.answer();
    expect([await late, memory.peek('k')]).toEqual(['v1', 'v1']);
  });

  test('a load that began before a set does not overwrite it', async () => {
    const early = cache.get('k', source.load);
    cache.set('k', 'v2');
    source.answer();
    expect([await early, await cache.get('k', source.load)]).toEqual(['v1', 'v2']);
  });

  test('clear takes every lease', async () => {
    const readers = [cache.get('a', source.load), cache.get('b', source.load)];
    cache.clear();
    source.answer();
    source.answer();
    await Promise.all(readers);
    expect(memory.size).toBe(0);
  });

  test('a delete of one key leaves the flight of another alone', async () => {
    const reader = cache.get('a', source.load);
    cache.delete('b');
    source.answer();
    await reader;
    expect(memory.peek('a')).toBe('v1');
  });
});

test('property: after write + delete no reader gets an older value, in whatever order loads come back', async () => {
  const step = fc.constantFrom('read', 'write', 'answer', 'answerLast', 'turn');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const loading = new LoadingCache({ cache: new MemoryCache<number>({ maxEntries: 4 }) });
      const waiting: (() => void)[] = [];
      const checks: Promise<void>[] = [];
      let truth = 0;
      const load = (): Promise<number> => {
        const seen = truth;
        const { promise, resolve } = Promise.withResolvers<number>();
        waiting.push(() => resolve(seen));
        return promise;
      };
      const read = async (): Promise<void> => {
        const newest = truth;
        expect(await loading.get('k', load)).toBeGreaterThanOrEqual(newest);
      };
      for (const kind of steps) {
        if (kind === 'read') checks.push(read());
        if (kind === 'write') {
          truth += 1;
          loading.delete('k');
        }
        if (kind === 'answer') waiting.shift()?.();
        if (kind === 'answerLast') waiting.pop()?.();
        if (kind === 'turn') await new Promise(setImmediate);
      }
      for (const answer of waiting) answer();
      await Promise.all(checks);
    }),
    { numRuns: 300 },
  );
});
