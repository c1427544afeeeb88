import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Registry } from '../registry.ts';
import { FakeClock } from '../test/fake-clock.ts';
import type { DistinctOptions } from './distinct.ts';
import { note } from './registers.ts';

const day = 86_400_000;

function distinct(options: Partial<DistinctOptions<never>> = {}, clock = new FakeClock(1000 * day)) {
  const registry = new Registry({ clock });
  return { registry, clock, players: registry.distinct({ name: 'players', help: 'x', ...options }).labels({}) };
}

/** Numbers that look random and are the same each time (xorshift, 32 bits). */
function* randomWords(seed: number): Generator<number, never, undefined> {
  for (let word = seed; ;) {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    yield word >>> 0;
  }
}

describe('how many there were', () => {
  // Ids that follow each other are what a hash does worst; Snowflakes differ in few bits; texts go another way.
  test.each<[string, (n: number, trial: number) => bigint | number | string]>([
    ['numbers in a row', (n, trial) => trial * 1e6 + n],
    ['Snowflake ids', (n, trial) => 382_304_210_332_418_048n + (BigInt(n) << 22n) + BigInt(trial)],
    ['negative and broken numbers', (n, trial) => -n - (trial + 1) / 1024],
    ['texts', (n, trial) => `player-${trial}-${n}`],
  ])('is told within the stated error: %s', (_name, keyOf) => {
    const precision = 8;
    const error = 1.04 / Math.sqrt(2 ** precision);
    for (const amount of [1, 10, 100, 1000, 10_000]) {
      const trials = 60;
      const errors = Array.from({ length: trials }, (_, trial) => {
        const { players } = distinct({ precision });
        for (let n = 0; n < amount; n += 1) players.add(keyOf(n, trial));
        return players.value / amount - 1;
      });
      const mean = errors.reduce((sum, each) => sum + each, 0) / trials;
      const spread = Math.sqrt(errors.reduce((sum, each) => sum + each ** 2, 0) / trials);
      // The keys are the same each time, so this cannot fail by chance; a wrong constant or a hash that clings is far outside.
      expect(Math.abs(mean), `bias at ${amount}`).toBeLessThan((4 * error) / Math.sqrt(trials));
      expect(spread, `error at ${amount}`).toBeLessThan(1.3 * error);
    }
  });

  test('with 4,096 registers a million players are told within five standard errors, and few to the head', () => {
    const { players } = distinct();
    const words = randomWords(88_172_645);
    const keys = new Set<number>();
    for (const amount of [0, 1, 2, 5, 20, 1e6]) {
      while (keys.size < amount) {
        const { value } = words.next();
        keys.add(value);
        players.add(value);
      }
      // Of twenty, two may share a register.
      if (amount <= 20) expect(Math.abs(players.value - amount)).toBeLessThanOrEqual(amount < 20 ? 0 : 1);
    }
    expect(Math.abs(players.value / 1e6 - 1)).toBeLessThan((5 * 1.04) / 64);
  });

  test('the same key counts once, a whole number being the same as a bigint and another than its text', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.array(fc.boolean(), { minLength: 1 }), (id, forms) => {
        const { players } = distinct();
        for (const isBig of forms) players.add(isBig ? BigInt(id) : id);
        expect(players.value).toBe(1);
        players.add(String(id));
        expect(players.value).toBe(2);
      }),
    );
  });
});

test('a register keeps the longest run of zeros that the rest of a hash began with', () => {
  // Few bits set, so that runs are long.
  const word = fc.array(fc.integer({ min: 0, max: 31 }), { maxLength: 3 }).map((bits) => bits.reduce((all, bit) => all | (1 << bit), 0));
  fc.assert(
    fc.property(fc.integer({ min: 6, max: 16 }), fc.array(fc.tuple(word, word)), (precision, hashes) => {
      const registers = new Uint8Array(2 ** precision);
      const naive = new Uint8Array(2 ** precision);
      for (const [high, low] of hashes) {
        note(registers, precision, high, low);
        const bits = (high >>> 0).toString(2).padStart(32, '0') + (low >>> 0).toString(2).padStart(32, '0');
        const register = Number.parseInt(bits.slice(0, precision), 2);
        naive[register] = Math.max(naive[register] ?? 0, bits.slice(precision).replace(/1.*/, '').length + 1);
      }
      expect(registers).toEqual(naive);
    }),
  );
});

describe('of several', () => {
  const keys = fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 0, max: 300 }), fc.nat(40)), { maxLength: 80 });

  test('the union is counted, in every window, as by one that has seen all', async () => {
    await fc.assert(
      fc.asyncProperty(keys, async (all) => {
        const clock = new FakeClock(1000 * day);
        const options = { windowMs: 60_000, slots: 4 };
        const one = distinct(options, clock);
        const several = Array.from({ length: 3 }, () => distinct(options, clock));
        const merged = new Registry({ clock });
        several[0]!.registry.share((shared) => merged.merge('thread', shared));
        for (const [by, key, seconds] of all) {
          clock.advance(seconds * 1000);
          one.players.add(key);
          several[by]!.players.add(key);
        }
        for (const at of [2, 1]) merged.merge(`worker ${at}`, JSON.parse(JSON.stringify(await several[at]!.registry.snapshot())));
        const isRetired = all.length % 2 === 0;
        if (isRetired) for (const name of ['thread', 'worker 1', 'worker 2']) merged.retire(name);
        expect(merged.expose()).toBe(one.registry.expose());
      }),
    );
  });
});

describe('a window', () => {
  test('holds at least all of its slots but one, and no more than itself', () => {
    const slotMs = 10_000;
    const event = fc.record({ key: fc.nat(60), afterMs: fc.nat(15_000) });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 100 }), (events) => {
        const { players, clock } = distinct({ windowMs: 6 * slotMs, slots: 6, precision: 14 });
        const lastSeen = new Map<number, number>();
        for (const { key, afterMs } of events) {
          clock.advance(afterMs);
          players.add(key);
          lastSeen.set(key, clock.now());
          const within = (milliseconds: number): number => [...lastSeen.values()].filter((at) => clock.now() - at < milliseconds).length;
          // So few are told to the head, but for the odd collision.
          expect(players.value).toBeGreaterThanOrEqual(within(5 * slotMs) - 1);
          expect(players.value).toBeLessThanOrEqual(within(6 * slotMs) + 1);
        }
      }),
    );
  });

  test('of a day in one slot begins at midnight UTC', () => {
    const { players, clock } = distinct({ windowMs: day, slots: 1 });
    players.add(1);
    clock.advance(day - 1);
    players.add(2);
    expect(players.value).toBe(2);
    clock.advance(1);
    expect(players.value).toBe(0);
    players.add(2);
    expect(players.value).toBe(1);
  });

  test('goes on when the clock of the machine is set', () => {
    const { players, clock } = distinct({ windowMs: 60_000, slots: 6 });
    players.add(1);
    clock.advance(-3_600_000);
    players.add(2);
    clock.advance(60_000);
    players.add(3);
    expect(players.value).toBeLessThanOrEqual(2);
    clock.advance(3_600_000);
    players.add(4);
    players.add(5);
    expect(players.value).toBeGreaterThanOrEqual(2);
  });
});

test.each([
  { precision: 5 },
  { precision: 17 },
  { precision: 7.5 },
  { slots: 0 },
  { slots: 61 },
  { windowMs: 999 },
  { windowMs: Infinity },
  { windowMs: Number.NaN },
])('%j is refused', (options) => {
  expect(() => distinct({ windowMs: 60_000, ...options })).toThrow(expect.objectContaining({ code: 'ERR_METRICS_OPTIONS' }));
});
