import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdGenerator, firstIdAt } from './id-generator.ts';

test('ids rise, are unique and fit 63 bits, whatever the clock does', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3_903_000_000_000 }), { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 0, max: 1023 }),
      (times, instance) => {
        let time = 0;
        const ids = new IdGenerator({ clock: { now: () => time }, instance });
        let last = -1n;
        for (time of times) {
          const next = ids.next();
          expect(next > last && next < 2n ** 63n).toBe(true);
          expect((next >> 12n) & 1023n).toBe(BigInt(instance));
          last = next;
        }
      },
    ),
  );
});

test('more ids in a millisecond than fit run ahead of the clock', () => {
  const ids = new IdGenerator({ clock: { now: () => 1_800_000_000_000 }, instance: 1 });
  const made = Array.from({ length: 10_000 }, () => ids.next());
  expect(new Set(made).size).toBe(10_000);
  expect(made.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(made);
});

const at = (now: number, instance: number): bigint => new IdGenerator({ clock: { now: () => now }, instance }).next();

test('ids sort by time, across instances', () => {
  expect(at(1_800_000_000_001, 0) > at(1_800_000_000_000, 1023)).toBe(true);
});

test.each([-1, 1024, 1.5, Number.NaN])('instance %s is refused', (instance) => {
  expect(() => new IdGenerator({ instance })).toThrow(expect.objectContaining({ code: 'ERR_DAO_INPUT' }));
});

const idAt = (timeMs: number, instance: number): bigint => new IdGenerator({ clock: { now: () => timeMs }, instance }).next();

test('ids can be asked for by time: those of a moment and later begin with the first one that it could have made', () => {
  const momentMs = Date.UTC(2027, 0, 1);
  expect(idAt(momentMs, 0)).toBe(firstIdAt(momentMs));
  expect(idAt(momentMs - 1, 1023) < firstIdAt(momentMs)).toBe(true);
  expect(firstIdAt(0)).toBe(0n);
});
