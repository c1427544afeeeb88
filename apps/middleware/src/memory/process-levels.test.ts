import { PerformanceObserver } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import { garbageCollector } from './idle-gc.ts';
import { oldBytes, ProcessLevels, topResourceTypes } from './process-levels.ts';

const mebibyte = 1024 * 1024;
const timeout = 30_000;

/** Timers are handles that need no system. */
function openTimers(count: number): void {
  const timers = Array.from({ length: count }, () => setTimeout(() => undefined, 3_600_000));
  onTestFinished(() => timers.forEach((timer) => clearTimeout(timer)));
}

test('handles are those of the process without the connections of clients', () => {
  let connections = 0;
  using levels = new ProcessLevels(() => connections);
  const before = levels.take().handles ?? Number.NaN;
  openTimers(1000);
  connections = 400;
  const grown = (levels.take().handles ?? Number.NaN) - before;
  // The runner's own come and go.
  expect(grown).toBeGreaterThan(550);
  expect(grown).toBeLessThan(650);
});

test('the types that there are most of come first', () => {
  openTimers(500);
  const [[first, count] = []] = Object.entries(topResourceTypes());
  expect(first).toBe('Timeout');
  expect(count).toBeGreaterThanOrEqual(500);
  expect(Object.keys(topResourceTypes(1))).toEqual(['Timeout']);
});

test('the heap is known once after each major collection, and is what is left then', { timeout }, async () => {
  using levels = new ProcessLevels(() => 0);
  const collect = garbageCollector();
  const afterGc = async (): Promise<{ heap: number; external: number }> => {
    let taken: { heap?: number; external?: number } = {};
    await expect
      .poll(
        () => {
          collect();
          taken = levels.take();
          return taken.heap;
        },
        { timeout },
      )
      .toBeDefined();
    return { heap: taken.heap ?? Number.NaN, external: taken.external ?? Number.NaN };
  };
  // What the runner itself leaves behind is collected first.
  for (let n = 0; n < 3; n += 1) await afterGc();
  const before = await afterGc();
  const held = Array.from({ length: 1_000_000 }, (_, n) => ({ n }));
  const outside = Buffer.alloc(64 * mebibyte);
  const after = await afterGc();
  expect(after.heap - before.heap).toBeGreaterThan(15 * mebibyte);
  expect(after.external - before.external).toBeGreaterThan(60 * mebibyte);
  expect([held.length, outside.length]).toEqual([1_000_000, 64 * mebibyte]);
});

test('a minor collection tells nothing of the heap', { timeout }, async () => {
  using levels = new ProcessLevels(() => 0);
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  // A major one may come in between, so one try of several must do.
  const heapAfterMinor = async (): Promise<number | undefined> => {
    levels.take();
    const heard = new Promise<void>((resolve) => {
      // Made later, so called later than that of the levels.
      const observer = new PerformanceObserver(() => {
        observer.disconnect();
        resolve();
      });
      observer.observe({ entryTypes: ['gc'] });
    });
    if (typeof collect === 'function') collect({ type: 'minor' });
    await heard;
    return levels.take().heap;
  };
  await expect.poll(heapAfterMinor, { timeout }).toBeUndefined();
});

function growthByNewObjects(): number {
  const before = oldBytes();
  const held = Array.from({ length: 100 }, () => Array.from({ length: 1000 }, (_, n) => ({ n })));
  const grown = oldBytes() - before;
  return held.length === 100 ? grown : Number.NaN;
}

test('new objects are no part of the old generation', { timeout }, async () => {
  // 3 MB of objects; a collection in between may move some of them, so one try of several must do.
  await expect.poll(growthByNewObjects, { timeout }).toBeLessThan(mebibyte);
});

test('the lateness of the event loop is that since the last reading, without the time between two looks', { timeout }, async () => {
  using levels = new ProcessLevels(() => 0);
  expect(levels.take().event_loop).toBeUndefined();
  // At rest it is late by about a millisecond; a busy machine comes to rest some time.
  await expect.poll(() => levels.take().event_loop ?? Infinity, { timeout }).toBeLessThan(0.015);
  expect(levels.take().event_loop).toBeUndefined();
});

test('after its end it hears of no collection', { timeout }, async () => {
  const levels = new ProcessLevels(() => 0);
  const other = new ProcessLevels(() => 0);
  onTestFinished(() => other[Symbol.dispose]());
  levels[Symbol.dispose]();
  const collect = garbageCollector();
  await expect
    .poll(
      () => {
        collect();
        return other.take().heap;
      },
      { timeout },
    )
    .toBeDefined();
  expect(levels.take().heap).toBeUndefined();
});
