import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BufferPool, type BufferPoolUsage } from './buffer-pool.ts';
import { slabBytes } from './slabs.ts';

const code = (name: string) => expect.objectContaining({ code: name });
const KiB = 1024;
const giveBack = (pool: BufferPool, buffer: Buffer) => pool.release(buffer);

/** The classes of which the pool holds something, as `bytes: idle/inUse`. */
function shapeOf({ classes }: BufferPoolUsage): string {
  return classes
    .filter(({ heldBytes }) => heldBytes > 0)
    .map(({ bytes, idle, inUse }) => `${bytes}: ${idle}/${inUse}`)
    .join(', ');
}

describe('size classes', () => {
  test.each([
    [0, 64],
    [1, 64],
    [64, 64],
    [65, 128],
    [1000, 1024],
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
      fc.property(fc.integer({ min: 0, max: 14 }), fc.integer({ min: 0, max: 8 }), fc.nat(300_000), (min, steps, bytes) => {
        const minBytes = 2 ** min;
        const maxBytes = 2 ** (min + steps);
        const { length } = new BufferPool({ minBytes, maxBytes }).acquire(bytes);
        const classes = Array.from({ length: steps + 1 }, (_, i) => minBytes * 2 ** i);
        expect(length).toBe(classes.find((size) => size >= bytes) ?? bytes);
      }),
    );
  });

  test('what no class holds comes exact, is counted while it is out, and dropped on release', () => {
    const pool = new BufferPool({ maxBytes: 8 * KiB });
    const large = pool.acquire(8 * KiB + 1);
    expect(large.length).toBe(8 * KiB + 1);
    expect(pool.usage()).toMatchObject({ heldBytes: 8 * KiB + 1, inUseBytes: 8 * KiB + 1 });
    pool.release(large);
    expect(pool.usage()).toMatchObject({ heldBytes: 0, idleBytes: 0, inUseBytes: 0 });
  });

  test('from 4 KiB on a buffer shares its memory with no other', () => {
    const pool = new BufferPool();
    const [a, b] = [pool.acquire(4 * KiB), pool.acquire(4 * KiB)];
    expect(a.buffer).not.toBe(b.buffer);
    expect(a.buffer.byteLength).toBe(4 * KiB);
  });
});

describe('slabs', () => {
  test.each([64, 128, 2048])('buffers of %i bytes are cut from one piece of memory until it is used up', (bytes) => {
    const pool = new BufferPool();
    const perSlab = slabBytes / bytes;
    const buffers = Array.from({ length: perSlab + 1 }, () => pool.acquire(bytes));
    expect(new Set(buffers.slice(0, perSlab).map(({ buffer }) => buffer)).size).toBe(1);
    expect(buffers[perSlab]!.buffer).not.toBe(buffers[0]!.buffer);
    expect(new Set(buffers.slice(0, perSlab).map(({ byteOffset }) => byteOffset)).size).toBe(perSlab);
    expect(pool.usage()).toMatchObject({ heldBytes: 2 * slabBytes, idleBytes: 0, inUseBytes: (perSlab + 1) * bytes });
    expect(shapeOf(pool.usage())).toBe(`${bytes}: ${perSlab - 1}/${perSlab + 1}`);
  });

  test('buffers of one slab do not overlap', () => {
    const pool = new BufferPool();
    const buffers = Array.from({ length: slabBytes / 64 }, (_, i) => pool.acquire(64).fill(i % 251));
    for (const [i, buffer] of buffers.entries()) expect(new Set(buffer)).toEqual(new Set([i % 251]));
  });

  test('a slab counts as idle when nothing of it is lent', () => {
    const pool = new BufferPool();
    const [a, b] = [pool.acquire(1024), pool.acquire(1024)];
    pool.release(a);
    expect(pool.usage()).toMatchObject({ heldBytes: slabBytes, idleBytes: 0, inUseBytes: 1024 });
    pool.release(b);
    expect(pool.usage()).toMatchObject({ heldBytes: slabBytes, idleBytes: slabBytes, inUseBytes: 0 });
    pool.acquire(1024);
    expect(pool.usage()).toMatchObject({ heldBytes: slabBytes, idleBytes: 0, inUseBytes: 1024 });
  });

  test('a slab is used up before the next is begun', () => {
    const pool = new BufferPool();
    const buffers = Array.from({ length: slabBytes / 2048 + 1 }, () => pool.acquire(2048));
    pool.release(buffers[0]!);
    pool.release(buffers[1]!);
    const again = [pool.acquire(2048), pool.acquire(2048)];
    for (const { buffer } of again) expect(buffer).toBe(buffers[0]!.buffer);
    expect(pool.usage()).toMatchObject({ heldBytes: 2 * slabBytes });
  });

  test('only slabs of which nothing is lent are let go', () => {
    const pool = new BufferPool();
    const perSlab = slabBytes / 1024;
    const buffers = Array.from({ length: 3 * perSlab }, () => pool.acquire(1024));
    const kept = [buffers[0]!, buffers[2 * perSlab]!];
    for (const buffer of buffers) if (!kept.includes(buffer)) pool.release(buffer);
    expect(pool.usage()).toMatchObject({ heldBytes: 3 * slabBytes, idleBytes: slabBytes, inUseBytes: 2048 });
    pool.clear();
    expect(pool.usage()).toMatchObject({ heldBytes: 2 * slabBytes, idleBytes: 0, inUseBytes: 2048 });
    for (const buffer of kept) pool.release(buffer);
    pool.clear();
    expect(pool.usage()).toMatchObject({ heldBytes: 0, idleBytes: 0, inUseBytes: 0 });
    expect(() => pool.release(buffers[1]!)).toThrow(code('ERR_POOL_NOT_LENT'));
  });
});

describe('reuse', () => {
  test.each([4000, 100])('a released buffer of %i bytes serves the next of its class, and no other class', (bytes) => {
    const pool = new BufferPool();
    const buffer = pool.acquire(bytes);
    pool.release(buffer);
    expect(pool.acquire(buffer.length / 2)).not.toBe(buffer);
    expect(pool.acquire(buffer.length + 1)).not.toBe(buffer);
    expect(pool.acquire(buffer.length)).toBe(buffer);
  });

  test('property: never lent to two at a time, never over a budget, the books are right', () => {
    const step = fc.record({ isAcquire: fc.boolean(), bytes: fc.integer({ min: 0, max: 9000 }), which: fc.nat(20) });
    const budget = fc.integer({ min: 0, max: 100_000 });
    fc.assert(
      fc.property(budget, budget, fc.array(step, { maxLength: 150, size: 'max' }), (maxIdleBytes, maxHeldBytes, steps) => {
        const pool = new BufferPool({ minBytes: 256, maxBytes: 8192, maxIdleBytes, maxHeldBytes, debug: true });
        const out: Buffer[] = [];
        for (const { isAcquire, bytes, which } of steps) {
          if (isAcquire) acquireApart(pool, bytes, out);
          else out.splice(which % Math.max(1, out.length), 1).forEach((buffer) => pool.release(buffer));
          const { heldBytes, idleBytes, inUseBytes, classes } = pool.usage();
          const outBytes = out.reduce((sum, { length }) => sum + length, 0);
          const largeBytes = out.reduce((sum, { length }) => sum + (length > 8192 ? length : 0), 0);
          expect(inUseBytes).toBe(outBytes);
          expect(heldBytes).toBe(classes.reduce((sum, each) => sum + each.heldBytes, largeBytes));
          for (const each of classes) expect(each.heldBytes).toBe((each.idle + each.inUse) * each.bytes);
          expect(idleBytes).toBeLessThanOrEqual(Math.min(maxIdleBytes, heldBytes - inUseBytes));
          expect(heldBytes).toBeLessThanOrEqual(maxHeldBytes);
        }
        for (const buffer of out) pool.release(buffer);
        pool.verify();
        expect(pool.usage().idleBytes).toBe(pool.usage().heldBytes);
        pool.clear();
        expect(pool.usage()).toMatchObject({ heldBytes: 0, idleBytes: 0, inUseBytes: 0 });
      }),
    );
  });

  test('a size that nobody asks for any more gives way to one in use', () => {
    const pool = new BufferPool({ maxIdleBytes: 64 * KiB });
    const small = Array.from({ length: 16 }, () => pool.acquire(4 * KiB));
    for (const buffer of small) pool.release(buffer);
    pool.release(pool.acquire(64 * KiB));
    expect(shapeOf(pool.usage())).toBe('65536: 1/0');
    pool.release(pool.acquire(64));
    expect(shapeOf(pool.usage())).toBe('64: 256/0');
  });

  test('of several sizes the one asked for longest ago gives way', () => {
    const few = new BufferPool({ maxIdleBytes: 16 * KiB });
    const buffers = [few.acquire(4 * KiB), few.acquire(8 * KiB), few.acquire(8 * KiB)];
    for (const buffer of buffers) few.release(buffer);
    expect(shapeOf(few.usage())).toBe('8192: 2/0');
    const pool = new BufferPool({ maxIdleBytes: 28 * KiB });
    const [a, b] = [pool.acquire(8 * KiB), pool.acquire(4 * KiB)];
    pool.release(a);
    pool.release(b);
    pool.release(pool.acquire(8 * KiB));
    pool.release(pool.acquire(64));
    expect(shapeOf(pool.usage())).toBe('64: 256/0, 4096: 1/0, 8192: 1/0');
    pool.release(pool.acquire(2 * KiB));
    expect(shapeOf(pool.usage())).toBe('2048: 8/0');
    pool.release(pool.acquire(8 * KiB));
    expect(shapeOf(pool.usage())).toBe('2048: 8/0, 8192: 1/0');
    const other = pool.acquire(4 * KiB);
    pool.release(other);
    expect(shapeOf(pool.usage())).toBe('2048: 8/0, 4096: 1/0, 8192: 1/0');
  });

  test('a size in use does not give way to one that came back late', () => {
    const pool = new BufferPool({ maxIdleBytes: 64 * KiB });
    const late = pool.acquire(64 * KiB);
    const small = Array.from({ length: 16 }, () => pool.acquire(4 * KiB));
    for (const buffer of small) pool.release(buffer);
    pool.release(late);
    expect(shapeOf(pool.usage())).toBe('4096: 16/0');
  });

  test('nothing gives way to a unit that the budget cannot hold', () => {
    const pool = new BufferPool({ maxIdleBytes: 8 * KiB });
    pool.release(pool.acquire(4 * KiB));
    pool.release(pool.acquire(16 * KiB));
    pool.release(pool.acquire(64));
    expect(shapeOf(pool.usage())).toBe('4096: 1/0');
  });
});

describe('the hard budget', () => {
  test('is never exceeded: what is beyond is refused, and room is made by a release', () => {
    const pool = new BufferPool({ maxHeldBytes: 12 * KiB });
    const buffers = [pool.acquire(4 * KiB), pool.acquire(8 * KiB)];
    expect(() => pool.acquire(4 * KiB)).toThrow(code('ERR_POOL_EXHAUSTED'));
    expect(() => pool.acquire(64)).toThrow(code('ERR_POOL_EXHAUSTED'));
    expect(pool.usage()).toMatchObject({ heldBytes: 12 * KiB, inUseBytes: 12 * KiB });
    pool.release(buffers[0]!);
    expect(pool.acquire(4 * KiB)).toBe(buffers[0]);
  });

  test('counts what is too large for any class', () => {
    const pool = new BufferPool({ maxBytes: 4 * KiB, maxHeldBytes: 12 * KiB });
    const large = pool.acquire(10 * KiB);
    expect(() => pool.acquire(4 * KiB)).toThrow(code('ERR_POOL_EXHAUSTED'));
    pool.release(large);
    pool.acquire(4 * KiB);
  });

  test('counts a slab whole', () => {
    const pool = new BufferPool({ maxHeldBytes: slabBytes + 8 * KiB });
    pool.acquire(64);
    pool.acquire(8 * KiB);
    expect(() => pool.acquire(4 * KiB)).toThrow(code('ERR_POOL_EXHAUSTED'));
    expect(pool.acquire(64).length).toBe(64);
  });

  test('lets idle memory of other sizes go before it refuses, the stalest first and no more than it must', () => {
    const pool = new BufferPool({ maxHeldBytes: 28 * KiB });
    pool.release(pool.acquire(4 * KiB));
    pool.release(pool.acquire(8 * KiB));
    pool.release(pool.acquire(64));
    expect(pool.usage().heldBytes).toBe(28 * KiB);
    pool.acquire(8 * KiB);
    pool.acquire(4 * KiB);
    expect(shapeOf(pool.usage())).toBe('64: 256/0, 4096: 0/1, 8192: 0/1');
    pool.acquire(16 * KiB);
    expect(shapeOf(pool.usage())).toBe('4096: 0/1, 8192: 0/1, 16384: 0/1');
  });

  test('lets nothing go where that would not suffice', () => {
    const pool = new BufferPool({ maxHeldBytes: 16 * KiB });
    pool.release(pool.acquire(4 * KiB));
    pool.acquire(8 * KiB);
    expect(() => pool.acquire(16 * KiB)).toThrow(code('ERR_POOL_EXHAUSTED'));
    expect(shapeOf(pool.usage())).toBe('4096: 1/0, 8192: 0/1');
  });
});

describe('without debug mode what is evidently not lent is told', () => {
  test.each([
    ['a length of no class', 5000],
    ['a small buffer of other memory', 128],
    ['a class of which nothing is lent', 16 * KiB],
    ['more than is out', 2 * KiB * KiB],
  ])('%s', (_, bytes) => {
    const pool = new BufferPool();
    pool.acquire(128);
    pool.acquire(8 * KiB);
    expect(() => pool.release(Buffer.alloc(bytes))).toThrow(code('ERR_POOL_NOT_LENT'));
    expect(pool.usage()).toMatchObject({ inUseBytes: 8 * KiB + 128 });
  });

  test('a small buffer when its slab is whole', () => {
    const pool = new BufferPool();
    const buffer = pool.acquire(64);
    pool.release(buffer);
    expect(() => pool.release(buffer)).toThrow(code('ERR_POOL_NOT_LENT'));
  });
});

describe('debug mode', () => {
  test.each([64, 4 * KiB])('tells a second release, a slice and a foreign buffer of %i bytes', (bytes) => {
    const pool = new BufferPool({ debug: true });
    const [buffer] = [pool.acquire(bytes), pool.acquire(bytes)];
    expect(() => pool.release(buffer.subarray(0))).toThrow(code('ERR_POOL_NOT_LENT'));
    expect(() => pool.release(Buffer.alloc(bytes))).toThrow(code('ERR_POOL_NOT_LENT'));
    pool.release(buffer);
    expect(() => pool.release(buffer)).toThrow(code('ERR_POOL_NOT_LENT'));
    expect(pool.usage()).toMatchObject({ inUseBytes: bytes });
  });

  test.each([64, 4 * KiB, 8 * KiB, 2 * KiB * KiB])('who reads %i bytes after their release reads poison', (bytes) => {
    const pool = new BufferPool({ debug: true });
    const buffer = pool.acquire(bytes);
    buffer.write('secret');
    pool.release(buffer);
    expect(buffer.every((byte) => byte === 0xdb)).toBe(true);
  });

  const places: [number, number][] = [
    [64, 0],
    [64, 63],
    [4 * KiB, 4095],
    [8 * KiB, 4096],
    [KiB * KiB, KiB * KiB - 1],
  ];

  test.each(places)('who writes into a buffer of %i bytes after its release, at %i, is told with the place of the release', (bytes, at) => {
    const pool = new BufferPool({ debug: true });
    const buffer = pool.acquire(bytes);
    giveBack(pool, buffer);
    buffer[at] = 1;
    const told = expect.objectContaining({
      code: 'ERR_POOL_USED_AFTER_RELEASE',
      message: expect.stringContaining(`at ${at} `),
      cause: expect.objectContaining({ stack: expect.stringContaining('giveBack') }),
    });
    expect(() => pool.acquire(bytes)).toThrow(told);
    expect(pool.usage()).toMatchObject({ inUseBytes: 0 });
    expect(pool.acquire(bytes)).toBe(buffer);
  });

  test.each(places)('a write into an idle buffer of %i bytes at %i is found by verify, once', (bytes, at) => {
    const pool = new BufferPool({ debug: true });
    const [first, second] = [pool.acquire(bytes), pool.acquire(bytes)];
    giveBack(pool, first);
    giveBack(pool, second);
    pool.verify();
    first[at] = 1;
    expect(() => pool.verify()).toThrow(code('ERR_POOL_USED_AFTER_RELEASE'));
    pool.verify();
  });

  test('a borrower may write what it likes', () => {
    const pool = new BufferPool({ debug: true });
    for (let i = 0; i < 3; i += 1) {
      const buffers = [pool.acquire(64), pool.acquire(4 * KiB)];
      for (const buffer of buffers) buffer.fill(i);
      pool.verify();
      for (const buffer of buffers) pool.release(buffer);
    }
    pool.verify();
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
  { maxHeldBytes: -1 },
  { maxHeldBytes: Number.NaN },
])('%j is refused', (options) => {
  expect(() => new BufferPool(options)).toThrow(code('ERR_POOL_SIZE'));
});

test.each([-1, 1.5, Number.NaN, Infinity])('a buffer of %d bytes is refused', (bytes) => {
  expect(() => new BufferPool().acquire(bytes)).toThrow(code('ERR_POOL_SIZE'));
});

/** Acquires, checks that the buffer overlaps none that is out, and writes it full; or is refused for want of room. */
function acquireApart(pool: BufferPool, bytes: number, out: Buffer[]): void {
  let buffer: Buffer;
  try {
    buffer = pool.acquire(bytes);
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_POOL_EXHAUSTED' });
    return;
  }
  const end = buffer.byteOffset + buffer.length;
  const overlaps = (other: Buffer) => other.buffer === buffer.buffer && other.byteOffset < end && buffer.byteOffset < other.byteOffset + other.length;
  expect(out.some(overlaps)).toBe(false);
  out.push(buffer.fill(1));
}
