import { expect, test } from 'vitest';
import { commonOf, fingerprintOf } from './labels.ts';

test('a fingerprint is that of FNV-1a over sorted names and values, whatever their order', () => {
  expect(fingerprintOf({})).toBe('cbf29ce484222325');
  // What Prometheus' own tests expect.
  expect(BigInt(`0x${fingerprintOf({ name: 'garland, briggs', fear: 'love is not enough' })}`)).toBe(5_799_056_148_416_392_346n);
  expect(fingerprintOf({ b: '2', a: '1' })).toBe(fingerprintOf({ a: '1', b: '2' }));
  expect(fingerprintOf({ a: '12' })).not.toBe(fingerprintOf({ a1: '2' }));
});

test('what all have in common is what is the same in each', () => {
  expect(
    commonOf([
      { a: '1', b: '2' },
      { a: '1', b: '3' },
    ]),
  ).toEqual({ a: '1' });
  expect(commonOf([])).toEqual({});
});
