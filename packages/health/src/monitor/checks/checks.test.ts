import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { checkConformance } from '../../testing/check-conformance.ts';
import type { Check } from '../component.ts';
import { diskCheck } from './disk.ts';
import { eventLoopCheck, eventLoopGauge } from './event-loop.ts';
import { lagCheck, levelCheck } from './level.ts';
import { memoryCheck } from './memory.ts';
import { pingCheck } from './ping.ts';

const { signal } = new AbortController();
const turn = () => new Promise((resolve) => setTimeout(resolve, 30));
const run = (check: Check) => Promise.resolve(check(signal));

describe.each<[string, Check]>([
  ['ping', pingCheck(() => Promise.resolve())],
  ['level', levelCheck({ name: 'depth', read: () => 3, degradedAt: 5 })],
  ['lag', lagCheck({ read: () => 3 })],
  ['disk', diskCheck({ path: tmpdir() })],
  ['memory', memoryCheck()],
  ['event loop', eventLoopCheck({ read: () => ({ utilization: 0.1, delayMs: 1 }) })],
])('%s keeps the promises of a check', (_, check) => {
  test.each(checkConformance(() => check))('$name', ({ run: runCase }) => runCase());
});

test.each([
  [999, 'up'],
  [1000, 'degraded'],
  [29_999, 'degraded'],
  [30_000, 'down'],
  [undefined, 'down'],
  [null, 'down'],
  [Number.NaN, 'down'],
])('a replica that is %s ms behind is %s', async (lag, status) => {
  expect(await run(lagCheck({ read: () => lag }))).toMatchObject({ status });
});

test.each([
  [11, 'up', undefined],
  [9, 'degraded', 'disk-low'],
  [1, 'down', 'disk-full'],
])('a disk of which %s %% is free is %s', async (bavail, status, reason) => {
  const check = diskCheck({ path: '/secret/path', statfs: () => Promise.resolve({ bsize: 4096, blocks: 100, bavail }) });
  const result = await run(check);
  expect(result).toEqual({ status, reason, details: { freeBytes: bavail * 4096, totalBytes: 409_600, freeRatio: bavail / 100 } });
});

test('a file system without blocks cannot be full', async () => {
  expect(await run(diskCheck({ path: '/', statfs: () => Promise.resolve({ bsize: 4096, blocks: 0, bavail: 0 }) }))).toMatchObject({ status: 'up' });
});

test.each([
  [100, 50, 'up'],
  [860, 50, 'degraded'],
  [100, 96, 'down'],
])('of memory the worse of resident (%s of 1000) and heap (%s of 100) counts: %s', async (rssBytes, heapUsedBytes, status) => {
  const check = memoryCheck({ rssLimitBytes: 1000, read: () => ({ rssBytes, heapUsedBytes, heapLimitBytes: 100 }) });
  expect(await run(check)).toMatchObject({ status });
});

test.each([
  [0.99, 10, 'degraded', 'loop-busy'],
  [0.5, 150, 'degraded', 'loop-late'],
  [1, 2500, 'down', 'loop-blocked'],
])('an event loop that is busy for %s and %s ms late is %s', async (utilization, delayMs, status, reason) => {
  expect(await run(eventLoopCheck({ read: () => ({ utilization, delayMs }) }))).toMatchObject({ status, reason });
});

test('the gauge sees an event loop that is blocked, and forgets it with the next reading', async () => {
  const gauge = eventLoopGauge();
  await turn();
  gauge.read();
  await turn();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  await turn();
  const blocked = gauge.read();
  gauge.close();
  expect(blocked.delayMs).toBeGreaterThan(200);
  expect(blocked.utilization).toBeGreaterThan(0);
  expect(gauge.read().delayMs).toBe(0);
});

test.each([
  ['level', () => levelCheck({ name: 'depth', read: () => 1, degradedAt: 5, downAt: 4 }), 'degradedAt'],
  ['disk', () => diskCheck({ path: '/', degradedBelow: 0.1, downBelow: 0.2 }), 'downBelow'],
  ['memory', () => memoryCheck({ rssLimitBytes: 0 }), 'rssLimitBytes'],
  ['event loop', () => eventLoopCheck({ read: () => ({ utilization: 0, delayMs: 0 }) }, { degradedDelayMs: 10, downDelayMs: 5 }), 'degradedDelayMs'],
])('bounds of %s that make no sense are refused by name', (_, make, field) => {
  expect(make).toThrow(expect.objectContaining({ code: 'ERR_HEALTH_OPTIONS', message: expect.stringContaining(field) }));
});
