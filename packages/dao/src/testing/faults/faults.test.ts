import { findMariaDb } from '@midgard/test-services';
import { describe, expect, test } from 'vitest';
import { scenarios } from './scenarios.ts';

const missing = findMariaDb() === undefined ? ': no mariadbd' : '';

describe.skipIf(missing !== '')(`faults of real servers, small${missing}`, { timeout: 120_000 }, () => {
  test.each(scenarios)('$name: $about', async ({ run }) => {
    const { figures, broken } = await run('small');
    expect(broken, JSON.stringify(figures, null, 2)).toEqual([]);
  });
});
