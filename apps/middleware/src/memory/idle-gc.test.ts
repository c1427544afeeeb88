import { constants, PerformanceObserver } from 'node:perf_hooks';
import process from 'node:process';
import { setImmediate as turn } from 'node:timers/promises';
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

/** Collections of the whole heap while `run` runs. */
async function majorCollections(run: () => void): Promise<number> {
  let major = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (isMajor(Reflect.get(entry, 'detail'))) major += 1;
  });
  observer.observe({ entryTypes: ['gc'] });
  run();
  // They are told in the turns after that in which they were.
  for (let turns = 0; turns < 3; turns += 1) await turn();
  observer.disconnect();
  return major;
}

const isMajor = (detail: unknown): boolean =>
  typeof detail === 'object' && detail !== null && Reflect.get(detail, 'kind') === constants.NODE_PERFORMANCE_GC_MAJOR;

test('the collector is had without a flag, and gives memory back to the system', { timeout: 60_000 }, async () => {
  const collect = garbageCollector();
  let garbage: unknown[] = Array.from({ length: 500_000 }, (_, n) => ({ n, text: `${n} of many` }));
  const full = process.memoryUsage();
  expect(garbage).toHaveLength(500_000);
  garbage = [];
  expect(await majorCollections(collect)).toBeGreaterThan(1);
  const left = process.memoryUsage();
  expect(full.heapTotal - left.heapTotal).toBeGreaterThan(20_000_000);
  expect(full.rss - left.rss).toBeGreaterThan(20_000_000);
});

test('a heap that is in use is collected once: more would take long and give little back', { timeout: 60_000 }, async () => {
  const collect = garbageCollector();
  const used = Array.from({ length: 500_000 }, (_, n) => ({ n, text: `${n} of many` }));
  collect();
  // V8 may have had one of its own under way.
  expect(await majorCollections(collect)).toBeLessThan(3);
  expect(used).toHaveLength(500_000);
});
