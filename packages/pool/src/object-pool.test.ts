import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ObjectPool } from './object-pool.ts';

const code = (name: string) => expect.objectContaining({ code: name });
const listPool = (options: { maxIdle?: number; debug?: boolean } = {}) =>
  new ObjectPool<number[]>({ create: () => [], reset: (list) => void (list.length = 0), ...options });

describe('ObjectPool', () => {
  test('gives a released object again, in its first state', () => {
    const pool = listPool();
    const list = pool.acquire();
    list.push(1, 2, 3);
    pool.release(list);
    expect(pool.acquire()).toBe(list);
    expect(list).toEqual([]);
  });

  test('clears an object when it is released, so that nothing of its use stays alive', () => {
    const pool = listPool();
    const list = pool.acquire();
    list.push(1);
    pool.release(list);
    expect(list).toEqual([]);
  });

  test('never lends an object to two at a time, and keeps at most maxIdle', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean(), { maxLength: 100 }), (maxIdle, steps) => {
        const pool = listPool({ maxIdle, debug: true });
        const out: number[][] = [];
        for (const isAcquire of steps) {
          if (isAcquire) {
            const list = pool.acquire();
            expect(out.some((other) => other === list)).toBe(false);
            out.push(list);
          } else {
            const list = out.shift();
            if (list !== undefined) pool.release(list);
          }
          expect(pool.usage().inUse).toBe(out.length);
          expect(pool.usage().idle).toBeLessThanOrEqual(maxIdle);
        }
      }),
    );
  });

  test('a cleared pool makes anew', () => {
    const pool = listPool();
    const list = pool.acquire();
    pool.release(list);
    pool.clear();
    expect(pool.usage()).toEqual({ idle: 0, inUse: 0 });
    expect(pool.acquire()).not.toBe(list);
  });

  test('debug mode tells a second release, and what is not of the pool', () => {
    const pool = listPool({ debug: true });
    const list = pool.acquire();
    pool.release(list);
    expect(() => pool.release(list)).toThrow(code('ERR_POOL_NOT_LENT'));
    expect(() => pool.release([])).toThrow(code('ERR_POOL_NOT_LENT'));
    expect(pool.usage()).toEqual({ idle: 1, inUse: 0 });
  });

  test.each([0, -1, 1.5, Number.NaN, Infinity])('maxIdle of %d is refused', (maxIdle) => {
    expect(() => listPool({ maxIdle })).toThrow(code('ERR_POOL_SIZE'));
  });
});
