import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RateLimiter } from './rate-limiter.ts';
import { TokenBucket } from './token-bucket.ts';
import { FakeClock } from './test/support.ts';

const takeMany = (bucket: { take(): { allowed: boolean } }, times: number): number =>
  Array.from({ length: times }, () => bucket.take()).filter(({ allowed }) => allowed).length;

describe('TokenBucket', () => {
  test('allows its burst at once and its rate afterwards', () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket({ perSecond: 10, burst: 5, clock });
    expect(takeMany(bucket, 20)).toBe(5);
    clock.ms += 1000;
    expect(takeMany(bucket, 20)).toBe(5);
    clock.ms += 200;
    expect(takeMany(bucket, 20)).toBe(2);
  });

  test('a clock that goes back refills nothing and does not lock the caller out', () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket({ perSecond: 10, burst: 5, clock });
    takeMany(bucket, 5);
    clock.ms -= 3_600_000;
    expect(takeMany(bucket, 5)).toBe(0);
    clock.ms += 100;
    expect(takeMany(bucket, 5)).toBe(1);
  });

  test('property: never more than burst + rate × time, and retryAfterMs is enough and not too much', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000_000 }).map((n) => n / 1000),
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.record({ waitMs: fc.nat(2000), takes: fc.nat(120) }), { maxLength: 20 }),
        (perSecond, burst, steps) => {
          const clock = new FakeClock();
          const start = clock.ms;
          const bucket = new TokenBucket({ perSecond, burst, clock });
          let taken = 0;
          for (const { waitMs, takes } of steps) {
            clock.ms += waitMs;
            taken += takeMany(bucket, takes);
            expect(taken).toBeLessThanOrEqual(burst + (perSecond * (clock.ms - start)) / 1000 + 1e-3);
          }
          const { allowed, retryAfterMs } = bucket.take();
          if (allowed) return;
          expect(retryAfterMs).toBeGreaterThan(0);
          clock.ms += retryAfterMs - 1;
          if (retryAfterMs > 1) expect(bucket.take().allowed).toBe(false);
          clock.ms += 1;
          expect(bucket.take().allowed).toBe(true);
        },
      ),
    );
  });
});

describe('RateLimiter', () => {
  test('keeps keys apart, also those that look like properties', () => {
    const limiter = new RateLimiter({ perSecond: 1, burst: 1, clock: new FakeClock() });
    const keys = ['a', 'b', '__proto__', 'constructor', ''];
    expect(keys.map((key) => limiter.take(key).allowed)).toEqual(keys.map(() => true));
    expect(keys.map((key) => limiter.take(key))).toEqual(keys.map(() => ({ allowed: false, retryAfterMs: 1000 })));
  });

  test('holds at most maxKeys buckets', () => {
    const limiter = new RateLimiter({ perSecond: 1, burst: 1, clock: new FakeClock(), maxKeys: 10 });
    for (let i = 0; i < 1000; i += 1) {
      limiter.take(`k${i}`);
      expect(limiter.size).toBeLessThanOrEqual(10);
    }
  });

  test('a key in steady use keeps its count under a flood of others', () => {
    const limiter = new RateLimiter({ perSecond: 0.001, burst: 3, clock: new FakeClock(), maxKeys: 10 });
    const answers = Array.from({ length: 300 }, (_, i) => {
      limiter.take(`flood ${i}`);
      return limiter.take('steady').allowed;
    });
    expect(answers.filter(Boolean)).toHaveLength(3);
  });

  test('property: with room enough it decides as one bucket a key that is never forgotten', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), waitMs: fc.nat(3000) }), { maxLength: 200 }),
        (perSecond, burst, steps) => {
          const clock = new FakeClock();
          const limiter = new RateLimiter({ perSecond, burst, clock });
          const buckets = new Map(['a', 'b', 'c'].map((key) => [key, new TokenBucket({ perSecond, burst, clock })]));
          for (const { key, waitMs } of steps) {
            clock.ms += waitMs;
            expect(limiter.take(key)).toEqual(buckets.get(key)?.take());
          }
        },
      ),
    );
  });

  test.each([
    { perSecond: 0, burst: 1 },
    { perSecond: Number.NaN, burst: 1 },
    { perSecond: 1, burst: 0 },
    { perSecond: 1, burst: 1, maxKeys: 1 },
  ])('%j is refused', (options) => {
    expect(() => new RateLimiter(options)).toThrow(expect.objectContaining({ code: 'ERR_AUTH_OPTIONS' }));
  });
});
