import { describe, expect, test } from 'vitest';
import { MemoryCache } from './memory-cache.ts';
import type { PolicyName } from './policies/index.ts';
import { hitRateOf } from './test/hit-rate.ts';
import { generatedTraces, ledger, type GeneratedTrace } from './test/traces.ts';

const length = 120_000;

function named(name: string): GeneratedTrace {
  return generatedTraces.find((trace) => trace.name === name) ?? expect.unreachable(`no trace "${name}"`);
}

function cacheOf(maxEntries: number, policy: PolicyName = 'adaptive'): MemoryCache<number, number> {
  return new MemoryCache({ maxEntries, policy });
}

function rateOf(name: string, policy: PolicyName): number {
  const { make, entries } = named(name);
  return hitRateOf(make(length), cacheOf(entries, policy));
}

test.each(generatedTraces)('$name: the default is nowhere more than 1.5 points under lru', ({ make, entries }) => {
  const trace = make(length);
  expect(hitRateOf(trace, cacheOf(entries))).toBeGreaterThan(hitRateOf(trace, cacheOf(entries, 'lru')) - 1.5);
});

describe('where lru is poor, the default', () => {
  test.each([
    ['loop of 1,200', 80],
    ['loop of 3,000', 29],
  ])('keeps most of what can be kept of a %s', (name, atLeast) => {
    expect([rateOf(name, 'lru'), rateOf(name, 'adaptive') > atLeast]).toEqual([0, true]);
  });

  test.each([
    ['zipf 0.9', 9],
    ['zipf 0.9, a scan in every tenth access', 9],
    ['zipf 1.0, scans of 4,000', 3],
    ['loop of 2,000 and zipf 0.9, mixed', 18],
    ['recency, then a loop, in turn', 15],
  ])('is well above it: %s', (name, points) => {
    expect(rateOf(name, 'adaptive')).toBeGreaterThan(rateOf(name, 'lru') + points);
  });
});

test('to delete before each set, as some do, changes little', () => {
  const { make, entries } = named('ledger, one read within 1,200');
  const trace = make(length);
  const cache = cacheOf(entries);
  const careful = hitRateOf(trace, cache, (key) => {
    cache.delete(key);
    cache.set(key, 1);
  });
  expect(careful).toBeGreaterThan(hitRateOf(trace, cacheOf(entries)) - 1);
});

describe('the window is found', () => {
  test('where bytes alone bound the cache', () => {
    const { make } = named('ledger, one read within 1,200');
    expect(hitRateOf(make(length), new MemoryCache({ maxBytes: 3000, sizeOf: () => 3 }))).toBeGreaterThan(48);
  });

  test('in a cache of which one key in 64 is sampled, with a third of its time gone at most', () => {
    const trace = ledger(1, 7, (random) => random() * 12_000)(400_000);
    expect(hitRateOf(trace, cacheOf(10_000, 'lru'))).toBeGreaterThan(49);
    expect(hitRateOf(trace, cacheOf(10_000))).toBeGreaterThan(46);
  });

  test('anew, where a resize makes another size of it', () => {
    const cache = cacheOf(20_000);
    hitRateOf(loopOf(30_000, 90_000), cache);
    cache.resize({ maxEntries: 1000 });
    const { make } = named('ledger, one read within 1,200');
    expect(hitRateOf(make(length), cache)).toBeGreaterThan(45);
  });
});

function loopOf(count: number, accesses: number): Int32Array {
  return Int32Array.from({ length: accesses }, (_, i) => (1 << 27) + (i % count));
}
