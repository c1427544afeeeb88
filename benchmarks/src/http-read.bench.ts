/**
 * Reads of a cached player over HTTP through the whole service, with an API key, limits, metrics and logs as they are by default, beside
 * servers that do nothing but answer the same bytes: bare `node:http`, Hono on @hono/node-server, Fastify.
 *
 * `npx pnpm --filter @midgard/benchmarks run bench:http-read`; `--help` tells the options.
 */
import path from 'node:path';
import { compare, type Contestant } from './measure/compare.ts';
import { commonOptions, numberOptions } from './measure/options.ts';
import { writeResults } from './measure/results.ts';
import { Children, printed } from './service/children.ts';
import { httpGet, httpTarget, playerUrl } from './service/requests.ts';
import { startService } from './service/started-service.ts';

const options = numberOptions('Cached player.get over HTTP beside bare servers with the same body', commonOptions);
const { seconds, rounds, connections } = options;

await using children = new Children();
const service = await startService(children);
const url = playerUrl(service);
const body = Buffer.from(await (await fetch(url, { headers: { 'X-API-Key': service.key } })).arrayBuffer()).toString('base64');

async function bare(name: string, kind: string): Promise<Contestant> {
  const launched = children.launch([path.join(import.meta.dirname, 'peers/http-servers.ts'), kind, body]);
  const [, port] = await printed(launched, /(\d+)\n/);
  return { name, pid: launched.pid, target: { protocol: 'http', port: Number(port), requests: [{ bytes: httpGet(new URL(url).pathname) }] } };
}

const contestants: readonly Contestant[] = [
  { name: 'Midgard', pid: service.pid, target: httpTarget(service) },
  await bare('node:http', 'node'),
  await bare('Hono', 'hono'),
  await bare('Fastify', 'fastify'),
];
const results = await compare(contestants, { load: 'GET of one player', pace: { connections, seconds }, rounds, ratio: 'first/each' });
writeResults('http-read', options, results, {
  '': {
    title: `player.get over HTTP, ${connections} connections: requests a second`,
    unit: 'requests/s',
    kind: 'bars',
    along: ['GET of one player'],
    series: results.map(({ name, rate }) => ({ name, values: [rate] })),
  },
});
