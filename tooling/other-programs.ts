import { globSync } from 'node:fs';

/**
 * Tests that say nothing of a line of Node which others do not say: they are about other programs, or about what we make of them, and take
 * longest. They run on one line; `MIDGARD_TEST_NODE_ONLY` leaves them out on the next. What stays there is every test of a library by itself,
 * each driver against its server, and the service as it starts, serves over TCP, HTTP and TLS, is measured, and stops.
 */
const patterns = [
  // Servers that are killed, frozen and cut off under load; the tests of the servers' own start and end.
  'packages/*/src/testing/{trials,faults}/**',
  'packages/cache/src/redis/redis-{bus,cluster,outage}.test.ts',
  'packages/queue/src/redis-queue/redis-outage.test.ts',
  'packages/queue/src/durable-log/kill.test.ts',
  'tooling/{deploy,oracle-double,test-services}/**',
  // The SQL of each dialect, as the servers understand it: SQLite's, which is a part of Node, stays, and so does a driver's way to a MariaDB.
  'packages/dao/src/dialects/oracle/**',
  'packages/dao/src/dialects/mysql/conformance.test.ts',
  'packages/dao/src/migrations/{mysql,oracle}-*.test.ts',
  'packages/dao/src/sharding/resharding/resharding*.test.ts',
  // The load generator, which is in C.
  'benchmarks/src/load/**',
  // Commands, one process after the other, whose work the libraries' own tests cover.
  'apps/middleware/src/{audit,cli,encryption,signing-keys}/**',
  'apps/middleware/src/migrations.test.ts',
  // Several services side by side, or under attack, which take minutes: what a line of Node could break of it, the tests that stay would show.
  'apps/middleware/src/{administration,events,limits}/**',
  'apps/middleware/src/{keys,revocation}.test.ts',
  'apps/middleware/src/attacks/{log-injection,privileges,redaction}.test.ts',
  'apps/middleware/src/cache/two-services.test.ts',
  'apps/middleware/src/processes/workers-storm.test.ts',
  // The service beside other programs, and killed: MariaDB and H2, nginx, Prometheus, a browser, Python.
  'apps/middleware/src/{cdn,database,observed}/**',
  'apps/middleware/src/alerts/redis-killed.test.ts',
  'apps/middleware/src/{docs-page,foreign-client,same-answers,storm,write-behind}.test.ts',
  'apps/middleware/src/cache/{cache-warm-up,known-game-keys}.test.ts',
] as const;

/**
 * The test files that {@link patterns} name.
 *
 * @throws Error where a pattern names none: what it stood for was moved, and would run without anybody's wish
 */
export function testsOfOtherPrograms(root: string): readonly string[] {
  return patterns.flatMap((pattern) => {
    const found = globSync(pattern, { cwd: root }).filter((file) => file.endsWith('.test.ts'));
    if (found.length === 0) throw new Error(`tooling/other-programs.ts: ${pattern} names no test any more`);
    return found.map((file) => `${root}${file}`);
  });
}
