/**
 * Does to real MariaDB servers what happens to servers, and holds what callers see against what the README promises.
 *
 * `node --conditions=@midgard/source src/testing/faults/main.ts --help`, or `pnpm faults --help` in packages/dao
 */
import { findMariaDb } from '@midgard/test-services';
import { runTrials } from '@midgard/trials';
import { scenarios } from './scenarios.ts';

await runTrials({
  usage: 'pnpm faults',
  about: 'Does to real MariaDB servers what happens to servers, and checks what callers of @midgard/dao see.',
  durations: { small: 'about a minute', full: 'about ten' },
  scenarios,
  missing: findMariaDb() === undefined ? 'mariadbd or mariadb-install-db' : undefined,
});
