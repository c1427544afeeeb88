import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideSize, type PoolLoad, retryStartMs, type SizeLimits } from './sizing.ts';

const limits: SizeLimits = { minThreads: 1, maxThreads: 4, targetDelayMs: 50, idleMs: 1000 };
const calm: PoolLoad = { threads: 1, starting: 0, queued: 0, oldestWaitMs: 0, idle: 1, longestIdleMs: 0, sinceFailedStartMs: Infinity };
const busy: PoolLoad = { ...calm, threads: 2, idle: 0, queued: 3, oldestWaitMs: 20 };
const spare: PoolLoad = { ...calm, threads: 3, idle: 2, longestIdleMs: 400 };

describe('table', () => {
  test.each<[string, Partial<SizeLimits>, PoolLoad, 'grow' | 'shrink' | 'hold', number]>([
    ['nothing to do', {}, calm, 'hold', Infinity],
    ['below the least', { minThreads: 2 }, calm, 'grow', 0],
    ['below the least, one starting', { minThreads: 3 }, { ...calm, threads: 2, starting: 1 }, 'grow', 0],
    ['a task waits, but not for long', {}, busy, 'hold', 30],
    ['a task has waited long enough', {}, { ...busy, oldestWaitMs: 50 }, 'grow', 0],
    ['it has, but a thread is starting', {}, { ...busy, starting: 1, oldestWaitMs: 500 }, 'hold', Infinity],
    ['it has, but there are as many as may be', {}, { ...busy, threads: 4, oldestWaitMs: 500 }, 'hold', Infinity],
    ['no delay is wanted at all', { targetDelayMs: 0 }, { ...busy, oldestWaitMs: 0 }, 'grow', 0],
    ['the first task of a pool without threads', { minThreads: 0 }, { ...calm, threads: 0, idle: 0, queued: 1 }, 'grow', 0],
    ['a pool that needs no threads', { minThreads: 0 }, { ...calm, threads: 0, idle: 0 }, 'hold', Infinity],
    ['threads idle, but not for long', {}, spare, 'hold', 600],
    ['a thread has idled long enough', {}, { ...spare, longestIdleMs: 1000 }, 'shrink', 0],
    ['the last ones idle', { minThreads: 3 }, { ...spare, longestIdleMs: 9000 }, 'hold', Infinity],
    ['the last one of none', { minThreads: 0 }, { ...calm, longestIdleMs: 1000 }, 'shrink', 0],
    ['a start failed just now, below the least', { minThreads: 4 }, { ...spare, threads: 3, sinceFailedStartMs: 100 }, 'hold', retryStartMs - 100],
    ['a start failed just now, a task waits', {}, { ...busy, oldestWaitMs: 80, sinceFailedStartMs: 100 }, 'hold', retryStartMs - 100],
    ['a start failed a while ago', {}, { ...busy, oldestWaitMs: 80, sinceFailedStartMs: retryStartMs }, 'grow', 0],
    ['a start failed and there is no other thread', {}, { ...calm, threads: 0, idle: 0, queued: 1, sinceFailedStartMs: 0 }, 'grow', 0],
    ['a start failed and nobody waits', {}, { ...calm, threads: 0, idle: 0, sinceFailedStartMs: 0 }, 'hold', retryStartMs],
  ])('%s', (_, changed, load, action, againInMs) => {
    expect(decideSize(load, { ...limits, ...changed })).toEqual({ action, againInMs });
  });
});

const anyCase = fc
  .record({
    minThreads: fc.nat(4),
    more: fc.nat(4),
    targetDelayMs: fc.nat(100),
    idleMs: fc.integer({ min: 1, max: 2000 }),
    threads: fc.nat(8),
    starting: fc.nat(8),
    idle: fc.nat(8),
    queued: fc.nat(10),
    oldestWaitMs: fc.nat(300),
    longestIdleMs: fc.nat(4000),
    sinceFailedStartMs: fc.oneof(fc.constant(Infinity), fc.nat(3000)),
  })
  .map(({ minThreads, more, targetDelayMs, idleMs, ...load }) => {
    const maxThreads = Math.max(1, minThreads + more);
    const threads = Math.min(load.threads, maxThreads);
    const starting = Math.min(load.starting, threads);
    // Who idles takes what waits, so one of the two is 0.
    const idle = load.queued > 0 ? 0 : Math.min(load.idle, threads - starting);
    const drawn: PoolLoad = {
      ...load,
      threads,
      starting,
      idle,
      oldestWaitMs: load.queued > 0 ? load.oldestWaitMs : 0,
      longestIdleMs: idle > 0 ? load.longestIdleMs : 0,
    };
    return { load: drawn, limits: { minThreads, maxThreads, targetDelayMs, idleMs } };
  });

describe('properties', () => {
  test('never outside the bounds, and never less while somebody waits', () => {
    fc.assert(
      fc.property(anyCase, ({ load, limits }) => {
        const { action } = decideSize(load, limits);
        if (action === 'grow') expect(load.threads).toBeLessThan(limits.maxThreads);
        if (action === 'shrink') {
          expect(load.threads).toBeGreaterThan(limits.minThreads);
          expect(load.idle).toBeGreaterThan(0);
          expect(load.queued).toBe(0);
        }
      }),
    );
  });

  test('a hold names the time at which it changes its mind, and none too early', () => {
    fc.assert(
      fc.property(anyCase, ({ load, limits }) => {
        const { action, againInMs } = decideSize(load, limits);
        if (action !== 'hold' || againInMs === Infinity) return;
        const later = (ms: number): PoolLoad => ({
          ...load,
          oldestWaitMs: load.queued > 0 ? load.oldestWaitMs + ms : 0,
          longestIdleMs: load.idle > 0 ? load.longestIdleMs + ms : 0,
          sinceFailedStartMs: load.sinceFailedStartMs + ms,
        });
        expect(againInMs).toBeGreaterThan(0);
        expect(decideSize(later(againInMs - 1), limits).action).toBe('hold');
        expect(decideSize(later(againInMs), limits).action).not.toBe('hold');
      }),
    );
  });

  test('whoever waits is never without a thread and without hope', () => {
    fc.assert(
      fc.property(anyCase, ({ load, limits }) => {
        if (load.queued === 0 || load.threads > 0) return;
        expect(decideSize(load, limits).action).toBe('grow');
      }),
    );
  });
});
