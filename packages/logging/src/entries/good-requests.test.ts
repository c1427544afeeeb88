import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EntryLog, LogControl, type RequestEntry } from '../index.ts';
import { captured } from '../test/captured.ts';

const entryOf = (index: number): RequestEntry => ({
  transport: 'tcp',
  game: 'realm',
  operation: 'player.get',
  code: 0,
  durationMs: 1,
  requestId: String(index),
});

/** Random numbers that are the same each time (a linear congruential generator; Numerical Recipes, 7.1). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

function open(successRate: number, seed = 1) {
  const destination = captured();
  const control = new LogControl({ successRate });
  return { ...destination, control, log: new EntryLog({ name: 'test', control, destination, random: seeded(seed) }) };
}

test('each has its line where all are to have one, and none where none is', () => {
  const [all, none] = [open(1), open(0)];
  for (const { log } of [all, none]) log.goodRequests(5, entryOf);
  expect(all.entries().map(({ requestId }) => requestId)).toEqual(['0', '1', '2', '3', '4']);
  expect(none.entries()).toEqual([]);
});

test.each([0.01, 0.1, 0.5, 0.9])('about a share of %d is in the sample, in however many calls they are told of, each at most once', (rate) => {
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(1, 7, 64, 1000), (seed, each) => {
      const { log, entries } = open(rate, seed);
      const made: number[] = [];
      for (let told = 0; told < 20_000; told += each) log.goodRequests(each, (index) => (made.push(told + index), entryOf(told + index)));
      const lines = entries();
      expect(new Set(made).size).toBe(lines.length);
      expect(lines[0]).toMatchObject({ sampleRate: rate, code: 0, level: 'info' });
      // Six standard deviations of a binomial distribution.
      expect(Math.abs(lines.length - 20_000 * rate)).toBeLessThan(6 * Math.sqrt(20_000 * rate * (1 - rate)) + each);
    }),
    { numRuns: 12 },
  );
});

test('a rate that is changed counts from the next request on', () => {
  const { log, control, entries } = open(0);
  log.goodRequests(100, entryOf);
  control.set({ successRate: 1 });
  log.goodRequests(2, entryOf);
  control.set({ successRate: 0 });
  log.goodRequests(100, entryOf);
  expect(entries()).toHaveLength(2);
});
