/**
 * Reads of cached players over TCP through the whole service, with an API key, limits, metrics and logs as they are by default, beside GET of
 * Redis and memcached with values as long as our answers' bodies: depths 1, 16 and 64; one key, and many evenly and by Zipf's law.
 *
 * `npx pnpm --filter @midgard/benchmarks run bench:tcp-read`; `--help` tells the options.
 */
import { headerBytes } from '@midgard/codec';
import { compare, type Compared, type Contestant } from './measure/compare.ts';
import { commonOptions, numberOptions } from './measure/options.ts';
import { writeResults } from './measure/results.ts';
import { whole } from './measure/table.ts';
import { runGoodLoad } from './load/run-load.ts';
import type { Keys } from './load/plan.ts';
import { memcachedWith, redisWith } from './peers/key-value.ts';
import { Children } from './service/children.ts';
import { tcpTarget } from './service/requests.ts';
import { readAll, seedPlayers } from './service/seed.ts';
import { startService } from './service/started-service.ts';

const depths = [1, 16, 64];
const options = numberOptions('Cached player.get over TCP beside Redis and memcached', {
  ...commonOptions,
  players: { default: 100_000, about: 'keys of the random loads' },
});
const { seconds, rounds, connections, players } = options;

await using stack = new AsyncDisposableStack();
const children = stack.use(new Children());
const service = await startService(children, { MIDGARD_CACHE_MAX_ENTRIES: String(players * 2) });
const ids = await seedPlayers(children, service, players);
const target = tcpTarget(service);
await readAll(tcpTarget(service, undefined, { distribution: 'sequence', file: ids }), ids, players);
const { answerBytes } = await runGoodLoad(target, { connections: 1, seconds: 0.1 });
const stores = [
  await redisWith(ids, Math.round(answerBytes) - headerBytes, stack),
  await memcachedWith(children, ids, Math.round(answerBytes) - headerBytes),
].filter((store) => store !== undefined);

const contestants = (keys?: Keys): readonly Contestant[] => [
  { name: 'Midgard', pid: service.pid, target: tcpTarget(service, undefined, keys) },
  ...stores.map(({ name, pid, target }) => ({ name, pid, target: target(keys) })),
];
const results: Compared[] = [];
const loads: readonly [string, Keys | undefined][] = [
  ['one key', undefined],
  [`${whole(players)} keys evenly`, { distribution: 'uniform', file: ids }],
  [`${whole(players)} keys by Zipf`, { distribution: 'zipf', file: ids }],
];
for (const [name, keys] of loads) {
  for (const depth of depths) {
    const comparison = { load: `${name}, depth ${depth}`, pace: { connections, depth, seconds }, rounds, ratio: 'first/each' as const };
    results.push(...(await compare(contestants(keys), comparison)));
  }
}

const along = [...new Set(results.map(({ load }) => load))];
writeResults('tcp-read', options, results, {
  '': {
    title: `player.get over TCP, ${connections} connections: requests a second`,
    unit: 'requests/s',
    kind: 'bars',
    along,
    series: contestants().map(({ name }) => ({ name, values: results.filter((each) => each.name === name).map(({ rate }) => rate) })),
  },
});
