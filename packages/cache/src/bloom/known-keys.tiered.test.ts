/** How instances that hear of each other's writes keep their known keys: the wiring that the README shows. */
import { FakeTime } from '@midgard/pool/testing';
import { expect, test } from 'vitest';
import { Coherence } from '../coherence/coherence.ts';
import { LocalHub } from '../testing/local-bus.ts';
import { MemoryTier } from '../tier/memory-tier.ts';
import { TieredCache } from '../tiered/tiered-cache.ts';
import { KnownKeys } from './known-keys.ts';

const absent = Array.from({ length: 200 }, (_, i) => `absent:${i}`);

test('an instance looks for no key that is not there, finds what others insert, and trusts nothing from before it lost them', async () => {
  const time = new FakeTime();
  const hub = new LocalHub();
  const tier = new MemoryTier({ clock: time });
  const rows = new Set(['a']);
  const looked: string[] = [];
  const load = async (key: string): Promise<string | undefined> => {
    looked.push(key);
    return rows.has(key) ? `row ${key}` : undefined;
  };
  const shared = { clock: time, timers: time };
  const known = new KnownKeys<string>({
    ...shared,
    expectedKeys: 100,
    source: async function* () {
      yield [...rows];
    },
  });
  const coherence: Coherence = new Coherence({
    ...shared,
    tier,
    bus: hub.bus(),
    awayTtlMs: 1000,
    listener: {
      distrusted: () => {
        if (coherence.state !== 'away') known.fill();
      },
    },
  });
  const others = new Coherence({ ...shared, tier, bus: hub.bus() });
  const memory = { maxEntries: 1000 };
  const here = new TieredCache<string | undefined>({ ...shared, space: 's', memory, coherence, knownKeys: known });
  const there = new TieredCache<string | undefined>({ ...shared, space: 's', memory, coherence: others });
  const insertThere = async (key: string): Promise<void> => {
    rows.add(key);
    await there.delete(key).catch(() => undefined);
  };
  const looksForAbsent = async (): Promise<number> => {
    looked.length = 0;
    for (const key of absent) await here.getOrLoad(key, load);
    return looked.length;
  };
  await coherence.start();
  await others.start();
  await time.advance(10);

  expect(await here.getOrLoad('a', load)).toBe('row a');
  expect(await looksForAbsent()).toBeLessThan(10);
  await insertThere('b');
  expect(await here.getOrLoad('b', load)).toBe('row b');

  hub.down();
  await insertThere('c');
  await time.advance(1100);
  expect(known.isComplete).toBe(false);
  expect(known.mightExist('c')).toBe(true);
  await time.advance(60_000);
  expect(known.isComplete).toBe(false);

  hub.up();
  await time.advance(10);
  expect(known.isComplete).toBe(true);
  await time.advance(10_000);
  expect(await here.getOrLoad('c', load)).toBe('row c');
  expect(await looksForAbsent()).toBeLessThan(10);
  known.stop();
});
