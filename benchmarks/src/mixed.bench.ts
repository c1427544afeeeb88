/**
 * Reads and updates of players together, as YCSB mixes them: A is half updates, B one in twenty, C none; keys by Zipf's law. The service on
 * SQLite and on MariaDB, beside a server on the same MariaDB that speaks the same frames with a driver and a map alone (peers/mysql-server.ts).
 *
 * `npx pnpm --filter @midgard/benchmarks run bench:mixed`; `--help` tells the options.
 */
import path from 'node:path';
import { administer, startMariaDb } from '@midgard/test-services';
import { compare, type Compared } from './measure/compare.ts';
import { commonOptions, numberOptions } from './measure/options.ts';
import { writeResults } from './measure/results.ts';
import { progress } from './measure/table.ts';
import { Children, printed } from './service/children.ts';
import { playerGet, playerUpdate, tcpTarget } from './service/requests.ts';
import { readAll, seedPlayers } from './service/seed.ts';
import { startService, type StartedService } from './service/started-service.ts';

const updates = { A: 0.5, B: 0.05, C: 0 };
const options = numberOptions('YCSB A, B and C: the service on SQLite and MariaDB beside a driver and a map', {
  ...commonOptions,
  players: { default: 100_000, about: 'rows' },
});
const { seconds, rounds, connections, players } = options;

await using stack = new AsyncDisposableStack();
const children = stack.use(new Children());
const mariaDb = stack.use(await startMariaDb({ 'innodb-buffer-pool-size': '512M' }));
await administer(mariaDb, ['create database realm']);
const cache = { MIDGARD_CACHE_MAX_ENTRIES: String(players * 2) };
const onSqlite = await startService(children, cache);
const onMariaDb = await startService(children, { ...cache, MIDGARD_DATABASES_REALM_URL: mariaDb.urlOf('realm') });
progress(`writing ${players} players into each database`);
const ids = await seedPlayers(children, onSqlite, players);
await seedPlayers(children, onMariaDb, players, mariaDb);
const launched = children.launch([path.join(import.meta.dirname, 'peers/mysql-server.ts'), mariaDb.urlOf('realm'), String(players * 2)]);
const peer: StartedService = { ...onMariaDb, tcpPort: Number((await printed(launched, /(\d+)\n/))[1]), pid: launched.pid };

const servers = [
  { name: 'Midgard, MariaDB', service: onMariaDb },
  { name: 'driver and map, MariaDB', service: peer },
  { name: 'Midgard, SQLite', service: onSqlite },
];
for (const { name, service } of servers) {
  progress(`${name}: reading each player`);
  await readAll(tcpTarget(service, undefined, { distribution: 'sequence', file: ids }), ids, players);
}
const results: Compared[] = [];
for (const [workload, share] of Object.entries(updates)) {
  const contestants = servers.map(({ name, service }) => {
    const requests = [playerGet(service.id, 1 - share), ...(share === 0 ? [] : [playerUpdate(service.id, share)])];
    return { name, pid: service.pid, target: tcpTarget(service, requests, { distribution: 'zipf', file: ids }) };
  });
  const load = `YCSB ${workload}: ${share * 100} % updates`;
  results.push(...(await compare(contestants, { load, pace: { connections, seconds }, rounds, ratio: 'first/each' })));
}
writeResults('mixed', options, results, {
  '': {
    title: `player.get and player.update, ${connections} connections: requests a second`,
    unit: 'requests/s',
    kind: 'bars',
    along: [...new Set(results.map(({ load }) => load))],
    series: servers.map(({ name }) => ({ name, values: results.filter((each) => each.name === name).map(({ rate }) => rate) })),
  },
});
