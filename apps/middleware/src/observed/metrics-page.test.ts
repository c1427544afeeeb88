import { readFileSync } from 'node:fs';
import { findRedis } from '@midgard/test-services';
import { expect, test } from 'vitest';
import { everyMetric } from '../testing/everything-on.ts';
import { metricsPage } from '../testing/metrics-page.ts';

const isPossible = findRedis() !== undefined;
if (!isPossible) console.warn('METRICS.md is not checked: redis-server is not installed');

test.runIf(isPossible)('METRICS.md lists every metric that there is: pnpm --filter @midgard/middleware metrics-page', { timeout: 60_000 }, async () => {
  expect(readFileSync(new URL('../../METRICS.md', import.meta.url), 'utf8')).toBe(metricsPage(await everyMetric()));
});
