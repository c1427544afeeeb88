import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BufferPool } from './buffer-pool.ts';

const code = (name: string) => expect.objectContaining({ code: name });
const KiB = 1024;

describe('size classes', () => {
  test.each([
    [0, 4 * KiB],
    [1, 4 * KiB],
    [4 * KiB, 4 * KiB],
    [4 * KiB + 1, 8 * KiB],
    [5000, 8 * KiB],
    [64 * KiB, 64 * KiB],
    [64 * KiB + 1, 128 * KiB],
    [KiB * KiB, KiB * KiB],
  ])('%i bytes come as %i', (bytes, length) => {
    expect(new BufferPool().acquire(bytes).length).toBe(length);
  });

  test('property: the smallest class that holds it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 0, max: 8 }), fc.nat(300_000), (min, steps, bytes) => {
        const minBytes = 2 ** min;
        const maxBytes = 2 ** (min + steps);
        const { length } = new BufferPool({ minBytes, maxBytes }).acquire(bytes);
        const classes = Array.from({ length: steps + 1 }, (_, i) => minBytes * 2 ** i);
        expect(length).toBe(classes.find((size) => size >= bytes) ?? bytes);
      }),
    );
  });

  test('what no class holds comes exact, and is dropped on release', () => {
    const pool = new BufferPool({ maxBytes: 8 * KiB });
    const large = pool.acquire(8 * KiB + 1);
    expect(large.length).toBe(8 * KiB + 1);
    pool.release(large);
    expect(pool.usage()).toMatchObject({ idleBytes: 0, inUseBytes: 0 });
  });

  test('a buffer shares its memory with no other', () => {
    const pool = new BufferPool({ minBytes: 16, maxBytes: 64 });
    const [a, b] = [pool.acquire(16), pool.acquire(16)];
    expect(a.buffer).not.toBe(b.buffer);
    expect(a.buffer.byteLength).toBe(16);
  });
});

describe('reuse', () => {
  test('a released buffer serves the next of its class, and no other class', () => {
    const pool = new BufferPool();
    const buffer = pool.acquire(5000);
    pool.release(buffer);
    expect(pool.acquire(4000)).not.toBe(buffer);
    expect(pool.acquire(9000)).not.toBe(buffer);
    expect(pool.acquire(6000)).toBe(buffer);
  });

  test('property: never lent to two at a time, never over the budget, the books are right', () => {
    const step = fc.record({ isAcquire: fc.boolean(), bytes: fc.integer({ min: 0, max: 300 }), which: fc.nat(20) });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 600 }), fc.array(step, { maxLength: 150 }), (maxIdleBytes, steps) => {
        const pool = new BufferPool({ minBytes: 16, maxBytes: 256, maxIdleBytes, debug: true });
        const out: Buffer[] = [];
        for (const { isAcquire, bytes, which } of steps) {
          if (isAcquire) {
            const buffer = pool.acquire(bytes);
            expect(out.some((other) => other.buffer === buffer.buffer)).toBe(false);
            out.push(buffer);
          } else {
            const [buffer] = out.splice(which % Math.max(1, out.length), 1);
            if (buffer !== undefined) pool.release(buffer);
          }
          const { idleBytes, inUseBytes, classes } = pool.usage();
          expect(inUseBytes).toBe(out.reduce((sum, { length }) => sum + length, 0));
          expect(idleBytes).toBe(classes.reduce((sum, { bytes, idle }) => sum + bytes * idle, 0));
          expect(idleBytes).toBeLessThanOrEqual(maxIdleBytes);
        }
      }),
    );
  });

  test('a size that nobody asks for any more gives way to one in use', () => {
    const pool = new BufferPool({ minBytes: 16, maxBytes: 64, maxIdleBytes: 64 });
    const small = Array.from({ length: 4 }, () => pool.acquire(16));
    for (const buffer of small) pool.release(buffer);
    pool.release(pool.acquire(64));
    expect(pool.usage().classes).toEqual([
      { bytes: 16, idle: 0 },
      { bytes: 32, idle: 0 },
      { bytes: 64, idle: 1 },
    ]);
  });

  test('a size in use does not give way to one that came back late', () => {
    const pool = new BufferPool({ minBytes: 16, maxBytes: 64, maxIdleBytes: 64 });
    const late = pool.acquire(64);
    const small = Array.from({ length: 4 }, () => pool.acquire(16));
    for (const buffer of small) pool.release(buffer);
    pool.release(late);
    expect(pool.usage().classes).toEqual([
      { bytes: 16, idle: 4 },
      { bytes: 32, idle: 0 },
      { bytes: 64, idle: 0 },
    ]);
  });

  test('a buffer of no class is not kept, so nobody gets less than was asked for', () => {
    const pool = new BufferPool();
    pool.release(Buffer.alloc(5000));
    expect(pool.acquire(8000).length).toBe(8192);
  });

  test('a cleared pool holds nothing', () => {
    const pool = new BufferPool();
    pool.release(pool.acquire(1));
    pool.clear();
    expect(pool.usage().idleBytes).toBe(0);
  });
});

describe('debug mode', () => {
  test('tells a second release, a slice and a foreign buffer', () => {
    const pool = new BufferPool({ debug: true });
    const buffer = pool.acquire(1);
    expect(() => pool.release(buffer.subarray(0))).toThrow(code('ERR_POOL_NOT_LENT'));
    expect(() => pool.release(Buffer.alloc(4096))).toThrow(code('ERR_POOL_NOT_LENT'));
    pool.release(buffer);
    expect(() => pool.release(buffer)).toThrow(code('ERR_POOL_NOT_LENT'));
    expect(pool.usage()).toMatchObject({ idleBytes: 4096, inUseBytes: 0 });
  });

  test('makes use after release show', () => {
    const pool = new BufferPool({ debug: true });
    const buffer = pool.acquire(1);
    buffer.write('secret');
    pool.release(buffer);
    expect(new Set(buffer)).toEqual(new Set([0xdb]));
  });
});

test.each([
  { minBytes: 3 },
  { minBytes: 0 },
  { maxBytes: 5000 },
  { minBytes: 8192, maxBytes: 4096 },
  { maxBytes: 2 ** 31 },
  { maxIdleBytes: -1 },
  { maxIdleBytes: Number.NaN },
])('%j is refused', (options) => {
  expect(() => new BufferPool(options)).toThrow(code('ERR_POOL_SIZE'));
});

test.each([-1, 1.5, Number.NaN, Infinity])('a buffer of %d bytes is refused', (bytes) => {
  expect(() => new BufferPool().acquire(bytes)).toThrow(code('ERR_POOL_SIZE'));
});
