import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { naiveWindowTinyLfu } from '../test/naive-policies.ts';
import { firstSlot } from './policy.ts';
import { WindowTinyLfu } from './window-tiny-lfu.ts';

/** Some spread, as hashes have it. */
const hashOf = (key: number): number => Math.imul(key, 0x9e37_79b1);

test('model: any run of adds, uses, removals and evictions, with any window, gives up what the naive one does', () => {
  const key = fc.integer({ min: 1, max: 30 });
  const step = fc.record({ kind: fc.constantFrom('use', 'use', 'use', 'use', 'use', 'use', 'remove', 'evict'), key });
  fc.assert(
    fc.property(
      fc.constantFrom(0.01, 0.2, 0.5, 0.9, 1),
      fc.integer({ min: 1, max: 20 }),
      fc.array(step, { maxLength: 500, size: 'max' }),
      (share, capacity, steps) => {
        const keyIn = new Map<number, number>();
        const slotOf = new Map<number, number>();
        const inWindow = new Set<number>();
        const real = new WindowTinyLfu(share, (slot) => inWindow.delete(slot));
        real.reserve(firstSlot + 40);
        const model = naiveWindowTinyLfu(share, 40);
        const evictBoth = (): void => {
          const slot = real.evict();
          expect(hashOf(keyIn.get(slot) ?? 0)).toBe(model.evict());
          slotOf.delete(keyIn.get(slot) ?? 0);
          inWindow.delete(slot);
        };
        for (const { kind, key } of steps) {
          const slot = slotOf.get(key);
          if (kind === 'evict') evictBoth();
          else if (kind === 'use' && slot !== undefined) {
            real.hit(slot);
            model.hit(hashOf(key));
          } else if (kind === 'use') {
            if (slotOf.size === capacity) evictBoth();
            // The key's own slot, which none of the others has.
            const taken = firstSlot + key;
            inWindow.add(taken);
            slotOf.set(key, taken);
            keyIn.set(taken, key);
            real.add(taken, hashOf(key));
            model.add(hashOf(key));
          } else if (slot !== undefined) {
            real.remove(slot);
            model.remove(hashOf(key));
            slotOf.delete(key);
            inWindow.delete(slot);
          }
          expect(real.size).toBe(slotOf.size);
          expect(new Set([...inWindow].map((slot) => hashOf(keyIn.get(slot) ?? 0)))).toEqual(new Set(model.windowKeys()));
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('a window made smaller is emptied into the main part little by little, and nothing is lost', () => {
  const settled: number[] = [];
  const real = new WindowTinyLfu(1, (slot) => settled.push(slot));
  real.reserve(2000);
  for (let i = 0; i < 1000; i += 1) real.add(firstSlot + i, hashOf(i));
  expect(settled).toHaveLength(0);
  real.windowShare = 0.01;
  const most: number[] = [];
  for (let i = 1000; i < 1200; i += 1) {
    const before = settled.length;
    real.add(firstSlot + i, hashOf(i));
    most.push(settled.length - before);
  }
  expect(Math.max(...most)).toBeLessThanOrEqual(8);
  expect([real.size, settled.length]).toEqual([1200, 1188]);
});

test('what has come and gone is not taken for settled', () => {
  const real = new WindowTinyLfu(0.01, () => {});
  real.reserve(firstSlot + 100);
  for (let i = 0; i < 100; i += 1) real.add(firstSlot + i, hashOf(i));
  for (let i = 100; i < 20_000; i += 1) {
    // Every other one from the main part, as deletions go.
    const left = i % 2 === 0 ? real.evict() : firstSlot + (i % 100);
    if (i % 2 !== 0) real.remove(left);
    real.add(left, hashOf(i));
  }
  const strangers = Array.from({ length: 1000 }, (_, i) => hashOf(1_000_000 + i));
  expect(strangers.filter((hash) => real.mayBeSettled(hash)).length).toBeLessThan(150);
});
