import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { settled } from '@midgard/pool/testing';
import { type Instance, World } from '../test/world.ts';
import { seededNumbers } from '../testing/tier-under-test.ts';
import type { Grip } from './grip.ts';
import { CoherenceChecker } from '../testing/coherence-checker.ts';

const keys = ['a', 'b'];
const instances = 3;
/** Two ways of at most 20 ms: to the bus, and from it. */
const boundMs = 40;
const awayTtlMs = 120;
const settleMs = 60;

type Step =
  | { readonly kind: 'read' | 'write' | 'readMany' | 'look' | 'grip' | 'drop'; readonly instance: number; readonly key: number; readonly afterMs: number }
  | { readonly kind: 'outage'; readonly forMs: number; readonly afterMs: number };

const actionSteps = fc.record({
  kind: fc.constantFrom(
    'read' as const,
    'read' as const,
    'read' as const,
    'write' as const,
    'readMany' as const,
    'look' as const,
    'grip' as const,
    'grip' as const,
    'drop' as const,
  ),
  instance: fc.nat(instances - 1),
  key: fc.nat(keys.length - 1),
  afterMs: fc.nat(15),
});
const outageSteps = fc.record({ kind: fc.constant('outage' as const), forMs: fc.integer({ min: 1, max: 400 }), afterMs: fc.nat(15) });

/** Lets the steps happen at their times, with ways and loads of random length, and holds every read against every acknowledged write. */
async function play(seed: number, steps: readonly Step[]): Promise<CoherenceChecker> {
  const next = seededNumbers(seed);
  const world = new World({ tier: () => next(10), bus: () => next(20) });
  const { time } = world;
  const all: Instance<number>[] = [];
  const outages: { from: number; to: number }[] = [];
  const options = {
    policy: { ttlMs: 900, memoryTtlMs: 900, refreshAfter: 0.3, sharedWaitMs: 300 },
    random: () => next(1000) / 1000,
  };
  for (let i = 0; i < instances; i += 1) all.push(await world.instance<number>(options, { awayTtlMs, settleMs }));
  // While an outage lies between a write and a read, what was in memory may live on for its time there.
  const bound = (acknowledgedAt: number, readAt: number): number =>
    outages.some(({ from, to }) => from <= readAt && to + settleMs >= acknowledgedAt - boundMs) ? awayTtlMs + settleMs + boundMs : boundMs;
  const checker = new CoherenceChecker({ boundMs: bound });
  const source = new Map(keys.map((key) => [key, 1]));
  const load = async (key: string): Promise<number> => {
    await time.pass(next(30));
    const value = source.get(key) ?? 0;
    await time.pass(next(60));
    return value;
  };
  /** Kept by readers, by instance and key. */
  const grips = new Map<string, Grip<number>>();
  const run = async (step: Step): Promise<void> => {
    if (step.kind === 'outage') {
      if (!world.isUp) return;
      const outage = { from: time.now(), to: time.now() + step.forMs };
      outages.push(outage);
      world.fail();
      time.after(step.forMs, () => world.recover(() => next(settleMs / 2)));
      return;
    }
    const { cache, bus } = all[step.instance]!;
    const key = keys[step.key]!;
    const beganAtMs = time.now();
    const saw = (name: string, version: number | undefined): void => {
      if (version !== undefined) checker.read({ key: name, version, process: `${step.instance}`, beganAtMs });
    };
    if (step.kind === 'drop') bus.dropNext += 1;
    else if (step.kind === 'read') saw(key, await cache.getOrLoad(key, load));
    else if (step.kind === 'look') saw(key, await cache.get(key));
    else if (step.kind === 'grip') {
      const name = `${step.instance} ${key}`;
      const kept = grips.get(name);
      if (kept !== undefined && cache.holds(kept.ticket.slot, kept.ticket.stamp) && time.now() < kept.until) return saw(key, kept.value);
      const grip = cache.grip(key);
      if (grip !== undefined) grips.set(name, grip);
      saw(key, grip?.value);
    } else if (step.kind === 'readMany') {
      const values = await cache.getOrLoadMany(keys, (asked) => Promise.all(asked.map(load)));
      for (const [at, name] of keys.entries()) saw(name, values[at]);
    } else {
      const version = (source.get(key) ?? 0) + 1;
      source.set(key, version);
      await cache.delete(key);
      checker.acknowledged({ key, version, process: `${step.instance}`, atMs: time.now() });
    }
  };
  let at = 0;
  const done: Promise<void>[] = [];
  for (const step of steps) {
    at += step.afterMs;
    time.after(at, () => void done.push(run(step)));
  }
  await time.advance(at + 2000);
  await settled();
  await Promise.all(done);
  return checker;
}

test('whatever the order of reads, writes, slow loads and lost words, no read gives a value older than what was acknowledged', async () => {
  let reads = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.array(actionSteps, { size: 'max', minLength: 40, maxLength: 160 }), async (seed, steps) => {
      const checker = await play(seed, steps);
      expect(checker.staleReads).toEqual([]);
      reads += checker.reads;
    }),
    { numRuns: 150 },
  );
  expect(reads).toBeGreaterThan(500);
});

test('nor does it after outages of tier and bus, once the time of what is in memory is over', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.array(fc.oneof({ weight: 25, arbitrary: actionSteps }, { weight: 1, arbitrary: outageSteps }), { size: 'max', minLength: 40, maxLength: 160 }),
      async (seed, steps) => {
        expect((await play(seed, steps)).staleReads).toEqual([]);
      },
    ),
    { numRuns: 150 },
  );
});
