import { findRedis } from '@midgard/test-services';
import { describe, expect, test } from 'vitest';
import { coherentInstances } from './coherence.ts';
import { scenarios } from './scenarios.ts';

const missing = findRedis() === undefined ? ': no redis-server' : '';

describe.skipIf(missing !== '')(`caches on a real Redis, small${missing}`, { timeout: 120_000 }, () => {
  test.each(scenarios)('$name: $about', async ({ run }) => {
    const { figures, broken } = await run('small');
    expect(broken, JSON.stringify(figures, null, 2)).toEqual([]);
  });

  test('the checker sees what a lease is for: without leases it finds reads of older values', async () => {
    const plan = {
      keys: 200,
      workers: 20,
      writeShare: 0.1,
      manyShare: 0.05,
      pauseMs: 10,
      rounds: 1,
      secondsEach: 4,
      faultEveryMs: 0,
      isLeaseBroken: true,
      boundMs: 2000,
    };
    const { broken } = await coherentInstances(plan);
    expect(broken).toContainEqual(expect.stringContaining('reads of an older value'));
  });
});
