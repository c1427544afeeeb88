import { setImmediate as turn } from 'node:timers/promises';
import { FakeTime, settled } from '@midgard/pool/testing';
import { describe, expect, test } from 'vitest';
import type { CacheError } from '../errors.ts';
import { KnownKeys, type KnownKeysOptions } from './known-keys.ts';

const absent = Array.from({ length: 200 }, (_, i) => `absent:${i}`);

/** A world in which time stands still, and a list of what happened. */
function setUp(options: Partial<KnownKeysOptions<string>> & Pick<KnownKeysOptions<string>, 'source'>) {
  const time = new FakeTime();
  const events: string[] = [];
  const known = new KnownKeys<string>({
    expectedKeys: 100,
    clock: time,
    timers: time,
    random: () => 0.5,
    listener: {
      filled: ({ keys, isSaturated }) => events.push(`filled ${keys}${isSaturated ? ', saturated' : ''}`),
      fillFailed: ({ error, retryInMs }) => events.push(`failed: ${error instanceof Error ? error.message : String(error)}, again in ${retryInMs}`),
      distrusted: () => events.push('distrusted'),
    },
    ...options,
  });
  return { time, events, known, passing: () => absent.filter((key) => known.mightExist(key)).length };
}

async function* pages(...all: readonly (readonly string[])[]): AsyncGenerator<readonly string[]> {
  yield* all;
}

test('everything passes until the source has been read to its end, and absent keys are refused from then on', async () => {
  const last = Promise.withResolvers<void>();
  const { known, passing, time } = setUp({
    source: async function* () {
      yield ['a'];
      await last.promise;
      yield ['b'];
    },
  });
  expect(passing()).toBe(absent.length);
  known.fill();
  await time.advance(1000);
  expect(passing()).toBe(absent.length);
  expect(known.isComplete).toBe(false);
  last.resolve();
  await time.advance(1000);
  expect(known.isComplete).toBe(true);
  expect(known.size).toBe(2);
  expect([known.mightExist('a'), known.mightExist('b')]).toEqual([true, true]);
  expect(passing()).toBeLessThan(10);
});

test('a key that is added while it fills is known afterwards, though the source never told of it', async () => {
  const last = Promise.withResolvers<void>();
  const { known, time } = setUp({
    source: async function* () {
      yield ['a'];
      await last.promise;
    },
  });
  known.fill();
  await settled();
  known.add('inserted behind the cursor');
  last.resolve();
  await time.advance(1000);
  expect(known.isComplete).toBe(true);
  expect(known.mightExist('inserted behind the cursor')).toBe(true);
});

test('a deleted key is forgotten by the next fill, and the old answers stand until it is done', async () => {
  let rows = ['a', 'deleted'];
  let gate = Promise.resolve();
  const { known, time, passing, events } = setUp({
    refillEveryMs: 10_000,
    source: async function* () {
      await gate;
      yield rows;
    },
  });
  known.fill();
  await time.advance(100);
  rows = ['a'];
  const open = Promise.withResolvers<void>();
  gate = open.promise;
  // A tenth less than asked, by the chance of 0.5, so that instances do not read all at once.
  await time.advance(9000);
  expect(known.mightExist('deleted')).toBe(true);
  expect(passing()).toBeLessThan(10);
  known.add('added meanwhile');
  open.resolve();
  await time.advance(100);
  expect(events).toEqual(['filled 2', 'filled 2']);
  expect(known.mightExist('deleted')).toBe(false);
  expect(known.mightExist('added meanwhile')).toBe(true);
});

test('distrusted, it lets everything pass and reads nothing until it is told to fill', async () => {
  let reads = 0;
  const { known, time, passing, events } = setUp({
    source: () => {
      reads += 1;
      return pages(['a']);
    },
  });
  known.fill();
  await time.advance(100);
  known.distrust();
  expect(passing()).toBe(absent.length);
  expect(known.bytes).toBe(0);
  await time.advance(10 * 3_600_000);
  expect(reads).toBe(1);
  known.fill();
  await time.advance(100);
  expect(passing()).toBeLessThan(10);
  expect(events).toEqual(['filled 1', 'distrusted', 'filled 1']);
});

test('what was read before the distrust does not count, even if the source ends well after it', async () => {
  const last = Promise.withResolvers<void>();
  let isAborted = false;
  const { known, time, passing } = setUp({
    source: async function* (signal) {
      signal.addEventListener('abort', () => (isAborted = true));
      yield ['a'];
      await last.promise;
    },
  });
  known.fill();
  await time.advance(100);
  known.distrust();
  last.resolve();
  await time.advance(100);
  expect(isAborted).toBe(true);
  expect(passing()).toBe(absent.length);
});

describe('a source that fails', () => {
  test('is asked again, later each time, and everything passes meanwhile', async () => {
    let failures = 4;
    const { known, time, passing, events } = setUp({
      retry: { firstMs: 1000, maxMs: 4000 },
      source: async function* () {
        yield ['a'];
        if ((failures -= 1) >= 0) throw new Error('no database');
      },
    });
    known.fill();
    await time.advance(8000);
    expect(events).toEqual([750, 1500, 3000, 3000].map((ms) => `failed: no database, again in ${ms}`));
    expect(passing()).toBe(absent.length);
    await time.advance(3000);
    expect(events.at(-1)).toBe('filled 1');
    expect(passing()).toBeLessThan(10);
  });

  test('at a refill leaves what was complete', async () => {
    let isUp = true;
    const { known, time, passing } = setUp({
      refillEveryMs: 1000,
      source: () => {
        if (!isUp) throw new Error('no database');
        return pages(['a']);
      },
    });
    known.fill();
    await time.advance(100);
    isUp = false;
    await time.advance(5000);
    known.add('b');
    expect([known.mightExist('a'), known.mightExist('b')]).toEqual([true, true]);
    expect(passing()).toBeLessThan(10);
  });

  test('or hangs is given up after its time-out', async () => {
    const { known, time, events } = setUp({
      pageTimeoutMs: 5000,
      source: async function* () {
        yield ['a'];
        await new Promise(() => {});
      },
    });
    known.fill();
    await time.advance(5100);
    expect(events).toEqual(['failed: no page of keys within 5000 ms, again in 750']);
  });
});

test('no more keys are read in a second than asked', async () => {
  let read = 0;
  const { known, time } = setUp({
    expectedKeys: 5000,
    maxKeysPerSecond: 1000,
    source: async function* () {
      for (let page = 0; page < 50; page += 1) {
        read += 100;
        yield Array.from({ length: 100 }, (_, i) => `${page}:${i}`);
      }
    },
  });
  known.fill();
  await time.advance(1000);
  expect(read).toBe(1100);
  await time.advance(5000);
  expect(known.size).toBeGreaterThan(4900);
});

test('a page of a million keys does not hold the event loop: others run every few milliseconds', async () => {
  const page = Array.from({ length: 1_000_000 }, (_, i) => `player:${i}`);
  const known = new KnownKeys<string>({ expectedKeys: page.length, source: () => pages(page), maxKeysPerSecond: 1e9 });
  known.fill();
  let turns = 0;
  while (!known.isComplete) {
    await turn();
    turns += 1;
  }
  known.stop();
  // It takes some 100 ms of work, of which it takes 2 at a time.
  expect(turns).toBeGreaterThan(10);
});

test('a source of more keys than maxKeys is not read further, and everything passes', async () => {
  let read = 0;
  let isClosed = false;
  const { known, time, passing, events } = setUp({
    maxKeys: 200,
    source: async function* () {
      try {
        for (;;) yield Array.from({ length: 10 }, () => `key:${(read += 1)}`);
      } finally {
        isClosed = true;
      }
    },
  });
  known.fill();
  await time.advance(1000);
  expect(read).toBeLessThan(300);
  expect(isClosed).toBe(true);
  expect(events[0]).toMatch(/, saturated$/);
  expect(known.isComplete).toBe(false);
  expect(passing()).toBe(absent.length);
});

test('the second filter is made for the keys that the first one found, and is smaller for it', async () => {
  const { known, time } = setUp({ refillEveryMs: 1000, maxKeys: 10_000, source: () => pages(Array.from({ length: 1500 }, (_, i) => `${i}`)) });
  known.fill();
  await time.advance(100);
  const grown = known.bytes;
  await time.advance(1000);
  expect(known.bytes).toBeLessThan(grown);
  expect(known.bytes).toBeLessThan((1500 * 1.1 * 10.2) / 8);
});

test('stopped, it has no timer left and reads no more, and what is complete still answers', async () => {
  const { known, time, passing } = setUp({ source: () => pages(['a']) });
  known.fill();
  await time.advance(100);
  known.stop();
  expect(time.pending).toEqual([]);
  known.add('b');
  expect([known.mightExist('a'), known.mightExist('b')]).toEqual([true, true]);
  expect(passing()).toBeLessThan(10);
});

test('a stop in the middle of a fill leaves nothing behind', async () => {
  const { known, time, passing, events } = setUp({ source: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }) });
  known.fill();
  await settled();
  known.stop();
  await settled();
  expect(time.pending).toEqual([]);
  expect(events).toEqual([]);
  expect(passing()).toBe(absent.length);
});

test.for([
  { expectedKeys: 0 },
  { maxKeysPerSecond: 0 },
  { refillEveryMs: Number.NaN },
  { pageTimeoutMs: -1 },
  { retry: { firstMs: 0, maxMs: 1 } },
  { maxKeys: 1 },
])('a set-up with %o is refused', (options) => {
  expect(() => setUp({ source: () => pages(), ...options })).toThrow(expect.objectContaining({ code: 'ERR_CACHE_OPTIONS' } satisfies Partial<CacheError>));
});
