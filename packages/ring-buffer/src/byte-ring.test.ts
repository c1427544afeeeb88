import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteRing } from './index.ts';

const code = (name: string) => expect.objectContaining({ code: name });
const count = fc.integer({ min: 0, max: 40 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('write' as const, 'read' as const, 'fill' as const, 'consume' as const), count }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'clear' as const, count: 0 }) },
);

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
const flat = (views: readonly Uint8Array[]): number[] => views.flatMap((view) => [...view]);

describe('ByteRing', () => {
  test('model: any run of calls does what a plain list of bytes does', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(30), fc.array(step, { maxLength: 150, size: 'max' }), (capacityBytes, mirror, steps) => {
        const ring = new ByteRing({ capacityBytes, mirrorBytes: Math.min(mirror, capacityBytes) });
        const model: number[] = [];
        let next = 0;
        const fresh = (length: number): Uint8Array => Uint8Array.from({ length }, () => (next = (next + 1) & 255));
        for (const { kind, count } of steps) {
          const free = capacityBytes - model.length;
          if (kind === 'write') {
            const bytes = fresh(count);
            expect(ring.write(bytes)).toBe(Math.min(count, free));
            model.push(...bytes.subarray(0, free));
          } else if (kind === 'read') {
            const into = new Uint8Array(count);
            const expected = model.splice(0, count);
            expect(ring.read(into)).toBe(expected.length);
            expect([...into.subarray(0, expected.length)]).toEqual(expected);
          } else if (kind === 'fill') {
            const bytes = fresh(Math.min(count, free));
            let filled = 0;
            for (const view of ring.writableViews()) {
              view.set(bytes.subarray(filled, filled + view.length).subarray(0, view.length));
              filled += view.length;
            }
            ring.commit(bytes.length);
            model.push(...bytes);
          } else if (kind === 'consume') {
            const expected = model.splice(0, count);
            expect([...ring.peek(expected.length)]).toEqual(expected);
            ring.consume(expected.length);
          } else {
            ring.clear();
            model.length = 0;
          }
          expect(flat(ring.readableViews())).toEqual(model);
          expect(sum(ring.writableViews().map((view) => view.length))).toBe(capacityBytes - model.length);
          expect([...ring.readableViews(), ...ring.writableViews()].every((view) => view.length > 0)).toBe(true);
          expect([ring.size, ring.free]).toEqual([model.length, capacityBytes - model.length]);
        }
      }),
    );
  });

  test('shows bytes that wrap around the end as two views, and none where there is nothing', () => {
    const ring = new ByteRing({ capacityBytes: 8 });
    expect([ring.readableViews().length, ring.writableViews().length]).toEqual([0, 1]);
    ring.write(Uint8Array.of(1, 2, 3, 4, 5, 6));
    ring.consume(4);
    expect(ring.writableViews().map((view) => view.length)).toEqual([2, 4]);
    ring.write(Uint8Array.of(7, 8, 9));
    expect(ring.readableViews()).toEqual([Uint8Array.of(5, 6, 7, 8), Uint8Array.of(9)]);
    ring.write(new Uint8Array(100));
    expect(ring.writableViews()).toEqual([]);
  });

  test('views are the memory itself, not copies', () => {
    const ring = new ByteRing({ capacityBytes: 4 });
    ring.writableViews()[0]!.set([1, 2, 3]);
    ring.commit(3);
    ring.readableViews()[0]![1] = 9;
    const into = new Uint8Array(3);
    ring.read(into);
    expect(into).toEqual(Uint8Array.of(1, 9, 3));
  });

  test.each([
    { mirrorBytes: 3, isInPlace: true },
    { mirrorBytes: 2, isInPlace: false },
  ])('a peek around the end is of the ring’s own memory where the mirror holds what wraps: $mirrorBytes bytes', ({ mirrorBytes, isInPlace }) => {
    const ring = new ByteRing({ capacityBytes: 8, mirrorBytes });
    ring.write(new Uint8Array(6));
    ring.consume(4);
    ring.write(Uint8Array.of(1, 2, 3, 4, 5));
    const piece = ring.peek(7);
    expect([...piece]).toEqual([0, 0, 1, 2, 3, 4, 5]);
    expect(piece.buffer === ring.readableViews()[0]!.buffer).toBe(isInPlace);
  });

  test('an emptied ring gives its free bytes in one piece', () => {
    const ring = new ByteRing({ capacityBytes: 8 });
    ring.write(new Uint8Array(5));
    ring.consume(5);
    expect(ring.writableViews().map((view) => view.length)).toEqual([8]);
  });

  test.each([-1, 1.5, 4, Number.NaN])('committing or consuming %d bytes where there are 3 is refused and changes nothing', (byteCount) => {
    const ring = new ByteRing({ capacityBytes: 6 });
    ring.commit(3);
    expect(() => ring.commit(byteCount)).toThrow(code('ERR_RING_RANGE'));
    expect(() => ring.consume(byteCount)).toThrow(code('ERR_RING_RANGE'));
    expect(() => ring.peek(byteCount)).toThrow(code('ERR_RING_RANGE'));
    expect([ring.size, ring.free]).toEqual([3, 3]);
  });

  test.each([-1, 9, 1.5, Number.NaN])('a mirror of %d bytes for a ring of 8 is refused', (mirrorBytes) => {
    expect(() => new ByteRing({ capacityBytes: 8, mirrorBytes })).toThrow(code('ERR_RING_OPTIONS'));
  });

  test.each([0, -1, 1.5, Number.NaN, Infinity])('a capacity of %d bytes is refused', (capacityBytes) => {
    expect(() => new ByteRing({ capacityBytes })).toThrow(code('ERR_RING_OPTIONS'));
  });
});
