import process from 'node:process';
import { expect, test } from 'vitest';
import { garbageCollector, IdleGc } from './idle-gc.ts';

function idle() {
  let nowMs = 0;
  let finished = 0;
  const collectedAt: number[] = [];
  const gc = new IdleGc({
    done: () => finished,
    quietMs: 100,
    minIntervalMs: 1000,
    collect: () => void collectedAt.push(nowMs),
    clock: { now: () => nowMs },
  });
  return {
    collectedAt,
    request: () => void (finished += 1),
    /** Looks every 10 ms, as often as that fits. */
    pass: (ms: number): void => {
      for (const end = nowMs + ms; nowMs < end;) {
        nowMs += 10;
        gc.look();
      }
    },
  };
}

test('it collects once when it has been quiet for long enough', () => {
  const { collectedAt, request, pass } = idle();
  request();
  pass(100);
  expect(collectedAt).toEqual([]);
  pass(10);
  expect(collectedAt).toEqual([110]);
  pass(10_000);
  expect(collectedAt).toEqual([110]);
});

test('without a request there is nothing to collect', () => {
  const { collectedAt, pass } = idle();
  pass(10_000);
  expect(collectedAt).toEqual([]);
});

test('under load it never collects', () => {
  const { collectedAt, request, pass } = idle();
  for (let n = 0; n < 100; n += 1) {
    request();
    pass(90);
  }
  expect(collectedAt).toEqual([]);
});

test('a burst soon after a collection waits for its turn, and is then collected for', () => {
  const { collectedAt, request, pass } = idle();
  request();
  pass(200);
  request();
  pass(200);
  expect(collectedAt).toEqual([110]);
  pass(1000);
  expect(collectedAt).toEqual([110, 1110]);
});

test('the collector is had without a flag, and gives memory back to the system', { timeout: 60_000 }, async () => {
  const collect = garbageCollector();
  let garbage: unknown[] = Array.from({ length: 500_000 }, (_, n) => ({ n, text: `${n} of many` }));
  const full = process.memoryUsage().heapTotal;
  expect(garbage).toHaveLength(500_000);
  garbage = [];
  collect();
  await expect.poll(() => full - process.memoryUsage().heapTotal, { timeout: 60_000 }).toBeGreaterThan(20_000_000);
});
