/**
 * What tracing costs the whole service: reads of one cached player with tracing off, on for no request, for 1 % and for all of them, over TCP and
 * HTTP, beside a collector that takes every span. The rounds are interleaved, and in the opposite order every other time; each is held against
 * the one with tracing off of the same round, and the medians of these ratios are printed. `off again` is the same service a second time: what it differs
 * from `off` is what this machine cannot tell apart. Processor time of the service for each request is printed beside: it tells more where others use the machine, too.
 *
 * `npx pnpm --filter @midgard/benchmarks run bench:tracing`; `--rounds 15 --seconds 2`, `--before <main.ts>` for a service of before tracing.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { compareServices } from './compare-services.ts';
import { Children, httpReads, printed, root, tcpReads } from './started-service.ts';

const connections = 50;
const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '1' }, rounds: { type: 'string', default: '9' }, before: { type: 'string' } },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const pace = { seconds, rounds, connections };

using children = new Children();
const collector = children.launch([path.join(import.meta.dirname, 'collector.ts')]);
const [, collectorPort = ''] = await printed(collector, /(\d+)\n/);
const spans = (): Promise<number> => fetch(`http://127.0.0.1:${collectorPort}/`).then(async (response) => Number(await response.text()));
const on = (ratio: number): Record<string, string> => ({
  MIDGARD_TRACING_ENABLED: 'true',
  MIDGARD_TRACING_ENDPOINT: `http://127.0.0.1:${collectorPort}/v1/traces`,
  MIDGARD_TRACING_SAMPLE_RATIO: String(ratio),
});
const services = [
  { name: 'off', service: await children.service() },
  { name: 'off again', service: await children.service() },
  { name: 'on, 0 %', service: await children.service(on(0)) },
  { name: 'on, 1 %', service: await children.service(on(0.01)) },
  { name: 'on, 100 %', service: await children.service(on(1)) },
  ...(values.before === undefined ? [] : [{ name: 'before', service: await children.service({}, path.resolve(values.before)) }]),
];

const results = [
  ...(await compareServices('TCP player.get, depth 1', services, await Promise.all(services.map(({ service }) => tcpReads(service, 1))), pace)),
  ...(await compareServices('TCP player.get, depth 16', services, await Promise.all(services.map(({ service }) => tcpReads(service, 16))), pace)),
  ...(await compareServices('HTTP player.get', services, await Promise.all(services.map(({ service }) => httpReads(service))), pace)),
];
const taken = await spans();
process.stdout.write(`the collector took ${taken} spans\n`);
const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model };
mkdirSync(path.join(root, 'benchmarks/results'), { recursive: true });
writeFileSync(
  path.join(root, 'benchmarks/results/tracing.json'),
  `${JSON.stringify({ at: new Date().toISOString(), machine, connections, seconds, rounds, results, spans: taken }, null, 2)}\n`,
);
