/**
 * Does to caches on a real Redis what happens to them, and holds what readers get against what the README promises.
 *
 * `node --conditions=@midgard/source src/testing/trials/main.ts --help`, or `pnpm trials --help` in packages/cache
 */
import { findRedis } from '@midgard/test-services';
import { runTrials } from '@midgard/trials';
import { scenarios } from './scenarios.ts';

await runTrials({
  usage: 'pnpm trials',
  about: 'Does to caches on a real Redis what happens to them, and checks what readers of @midgard/cache get.',
  durations: { small: 'about a minute', full: 'about ten' },
  scenarios,
  missing: findRedis() === undefined ? 'redis-server' : undefined,
});
