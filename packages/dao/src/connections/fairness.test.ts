import { describe, expect, test } from 'vitest';
import { benchOf, expectNothingLeft, type PoolBench } from './test/pool-bench.ts';

/** Each holds its connection for a while. @returns who was served in which order, and how many were told that time is up */
async function crowd({ pool, time }: PoolBench, timeoutMs: number): Promise<{ readonly served: number[]; readonly late: number[] }> {
  const served: number[] = [];
  const late: number[] = [];
  const client = async (number: number): Promise<void> => {
    try {
      const lease = await pool.acquire({ timeoutMs });
      served.push(number);
      await time.pass(100);
      lease.release();
    } catch {
      late.push(number);
    }
  };
  const all = Promise.all(Array.from({ length: 500 }, (_, number) => client(number)));
  await time.advance(10_000);
  await all;
  return { served, late };
}

describe('five hundred on ten connections', () => {
  test('are served in the order in which they came, and nobody in vain', async () => {
    const bench = benchOf({ max: 10 });
    const { served, late } = await crowd(bench, 5000);
    expect(served).toEqual(Array.from({ length: 500 }, (_, number) => number));
    expect(late).toEqual([]);
    expect(bench.server.made).toBe(10);
    await expectNothingLeft(bench);
  });

  test('who cannot all be served in time cost neither a connection nor a turn of those who come after', async () => {
    const bench = benchOf({ max: 10 });
    const { served, late } = await crowd(bench, 2050);
    expect(served).toEqual(Array.from({ length: 210 }, (_, number) => number));
    expect(late).toHaveLength(290);
    expect(bench.server.made).toBe(10);
    expect(bench.pool.breaker).toBe('closed');
    const again = await crowd(bench, 5000);
    expect(again.late).toEqual([]);
    await expectNothingLeft(bench);
  });
});
