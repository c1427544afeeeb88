import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RingBuffer, type RingItem } from './index.ts';

const code = (name: string) => expect.objectContaining({ code: name });

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const gc: () => void = runInNewContext('gc');
  gc();
}

describe('RingBuffer', () => {
  test('model: any run of calls does what a plain array does', { timeout: 60_000 }, () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constant('push' as const) },
      { weight: 3, arbitrary: fc.constant('pushOver' as const) },
      { weight: 7, arbitrary: fc.constant('pop' as const) },
      { weight: 1, arbitrary: fc.constant('clear' as const) },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.array(step, { maxLength: 200, size: 'max' }), (capacity, steps) => {
        const ring = new RingBuffer<number>({ capacity });
        const model: number[] = [];
        for (const [i, kind] of steps.entries()) {
          const isFull = model.length === capacity;
          if (kind === 'push') {
            expect(ring.push(i)).toBe(!isFull);
            if (!isFull) model.push(i);
          } else if (kind === 'pushOver') {
            expect(ring.pushOver(i)).toBe(isFull ? model.shift() : undefined);
            model.push(i);
          } else if (kind === 'pop') {
            expect(ring.pop()).toBe(model.shift());
          } else {
            ring.clear();
            model.length = 0;
          }
          expect(ring.toArray()).toEqual(model);
          expect([ring.size, ring.isFull, ring.peek()]).toEqual([model.length, model.length === capacity, model[0]]);
          for (let place = -capacity - 1; place <= capacity; place += 1) expect(ring.at(place)).toBe(model.at(place));
        }
      }),
      { numRuns: 50 },
    );
  });

  test('the capacity is exact', () => {
    const ring = new RingBuffer<number>({ capacity: 5 });
    expect([1, 2, 3, 4, 5, 6].map((item) => ring.push(item))).toEqual([true, true, true, true, true, false]);
    expect(ring.capacity).toBe(5);
  });

  test('holds null and other empty values, and refuses undefined without coming out of step', () => {
    const ring = new RingBuffer<RingItem>({ capacity: 5 });
    const items = [null, 0, '', false];
    for (const item of items) expect(ring.push(item)).toBe(true);
    const untyped: { push(item: unknown): boolean } = ring;
    expect(untyped.push(undefined)).toBe(false);
    expect(ring.push(1)).toBe(true);
    expect([...ring]).toEqual([...items, 1]);
    ring.clear();
    expect(ring.size).toBe(0);
  });

  test.each<{ way: string; letGo: (ring: RingBuffer<object>) => void }>([
    { way: 'popped', letGo: (ring) => void ring.pop() },
    { way: 'cleared', letGo: (ring) => ring.clear() },
    { way: 'overwritten', letGo: (ring) => [1, 2].forEach((id) => void ring.pushOver({ id })) },
  ])('keeps nothing alive that was $way', async ({ letGo }) => {
    const ring = new RingBuffer<object>({ capacity: 2 });
    const watched = ((): WeakRef<object> => {
      const item = { big: new Uint8Array(1000) };
      ring.push(item);
      return new WeakRef(item);
    })();
    ring.push({});
    letGo(ring);
    // A WeakRef holds its target until the running job is over.
    await new Promise(setImmediate);
    collectGarbage();
    expect(watched.deref()).toBeUndefined();
    expect(ring.capacity).toBe(2);
  });

  test.each([0, -1, 1.5, Number.NaN, Infinity, 2 ** 26 + 1])('a capacity of %d is refused', (capacity) => {
    expect(() => new RingBuffer({ capacity })).toThrow(code('ERR_RING_OPTIONS'));
  });
});
