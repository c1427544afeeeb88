import { describe, expect, test } from 'vitest';
import { SharedBucket } from './shared-bucket.ts';

function bucketOfTest(maxKeys = 100): { readonly bucket: SharedBucket; readonly pass: (ms: number) => void } {
  let now = 0;
  return { bucket: new SharedBucket({ perSecond: 10, burst: 20 }, { maxKeys, now: () => now }), pass: (ms) => void (now += ms) };
}

describe('a limit of all workers together', () => {
  test('what two workers allowed before they heard of each other is owed, and waited for', () => {
    const { bucket, pass } = bucketOfTest();
    expect(bucket.take('a', 20)).toBe(0);
    // 20 more than there were: 2 s until there is nothing owed, and the tenth of a second for the next one.
    expect(bucket.take('a', 20)).toBe(2100);
    pass(2100);
    expect(bucket.take('a', 1)).toBe(0);
    expect(bucket.take('b', 20)).toBe(0);
  });

  test('who only asks, again and again, is let in as soon as anybody else', () => {
    const { bucket, pass } = bucketOfTest();
    bucket.take('a', 20);
    for (let asked = 0; asked < 1000; asked += 1) expect(bucket.take('a', 1)).toBeGreaterThan(0);
    pass(100);
    expect(bucket.take('a', 1)).toBe(0);
  });

  test('a report owes the burst at most: nobody is locked out for minutes', () => {
    const { bucket } = bucketOfTest();
    expect(bucket.take('a', 100_000)).toBe(2100);
  });

  test('of more callers than it remembers those are forgotten that were quiet longest', () => {
    const { bucket } = bucketOfTest(2);
    bucket.take('a', 20);
    bucket.take('b', 20);
    bucket.take('a', 1);
    bucket.take('c', 20);
    expect([bucket.take('a', 1) > 0, bucket.take('c', 1) > 0, bucket.take('b', 1)]).toEqual([true, true, 0]);
  });
});
