import { describe, expect, test } from 'vitest';
import { FakeClock } from '../test/fake-clock.ts';
import { tierConformance } from '../testing/index.ts';
import { MemoryTier, type MemoryTierOptions } from './memory-tier.ts';

describe('conformance', () => {
  const cases = tierConformance(() => {
    const clock = new FakeClock();
    const tier = new MemoryTier({ clock });
    const pass = (timeMs: number): Promise<void> => {
      clock.ms += timeMs;
      return Promise.resolve();
    };
    return Promise.resolve({ tier, other: tier, pass, dispose: () => tier.close() });
  });
  test.each(cases)('$name', ({ run }) => run());
});

const value = (key: string, length = 1) => ({ key, bytes: new Uint8Array(length), ttlMs: 1000 });

test('a value is not given at the end of its time', async () => {
  const clock = new FakeClock();
  const tier = new MemoryTier({ clock });
  await tier.put([value('a')]);
  clock.ms += 999;
  expect((await tier.read(['a']))[0]).toBeDefined();
  clock.ms += 1;
  expect(await tier.read(['a'])).toEqual([undefined]);
});

describe('bounds', () => {
  test('beyond maxEntries what was written longest ago goes', async () => {
    const tier = new MemoryTier({ maxEntries: 2 });
    await tier.put([value('a'), value('b')]);
    await tier.put([value('a'), value('c')]);
    expect((await tier.read(['a', 'b', 'c'])).map((record) => record !== undefined)).toEqual([true, false, true]);
  });

  test('beyond maxBytes too, and a value above it is not kept', async () => {
    const tier = new MemoryTier({ maxBytes: 100 });
    await tier.put([value('a', 40), value('b', 40), value('c', 40)]);
    expect((await tier.read(['a', 'b', 'c'])).map((record) => record !== undefined)).toEqual([false, true, true]);
    await tier.put([value('large', 101)]);
    expect(await tier.read(['large'])).toEqual([undefined]);
    await tier.put([value('a', 40), value('b', 40)]);
    expect((await tier.read(['a', 'b'])).map((record) => record !== undefined)).toEqual([true, true]);
  });

  test('a lease that was pushed out has ended', async () => {
    const tier = new MemoryTier({ maxEntries: 1 });
    const [answer] = await tier.lease([{ key: 'a' }], 1000);
    await tier.put([value('b')]);
    const version = answer?.kind === 'leased' ? answer.version : 0;
    expect(await tier.store([{ ...value('a'), version }])).toEqual([undefined]);
  });

  test.each<MemoryTierOptions>([{ maxEntries: 0 }, { maxEntries: Number.NaN }, { maxBytes: -1 }])('%o is refused', (options) => {
    expect(() => new MemoryTier(options)).toThrow(expect.objectContaining({ code: 'ERR_CACHE_OPTIONS' }));
  });
});
