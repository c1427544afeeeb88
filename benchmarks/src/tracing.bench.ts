/**
 * What tracing costs the whole service: reads of one cached player with tracing off, on for no request, for 1 % and for all of them, over TCP and
 * HTTP, beside a collector that takes every span. The rounds are interleaved, and in the opposite order every other time; each is held against
 * the one with tracing off of the same round, and the medians of these ratios are printed. `off again` is the same service a second time: what it differs
 * from `off` is what this machine cannot tell apart. Processor time of the service for each request is printed beside: it tells more where others use the machine, too.
 *
 * `npx pnpm --filter @midgard/benchmarks run bench:tracing`; `--rounds 15 --seconds 2`, `--before <main.ts>` for a service of before tracing.
 */
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { comparedServices } from './measure/compare-services.ts';
import { writeResults } from './measure/results.ts';
import { Children, printed } from './service/children.ts';
import { startService } from './service/started-service.ts';

const connections = 50;
const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '1' }, rounds: { type: 'string', default: '9' }, before: { type: 'string' } },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const pace = { seconds, rounds, connections };

await using children = new Children();
const collector = children.launch([path.join(import.meta.dirname, 'peers/collector.ts')]);
const [, collectorPort = ''] = await printed(collector, /(\d+)\n/);
const spans = (): Promise<number> => fetch(`http://127.0.0.1:${collectorPort}/`).then(async (response) => Number(await response.text()));
const on = (ratio: number): Record<string, string> => ({
  MIDGARD_TRACING_ENABLED: 'true',
  MIDGARD_TRACING_ENDPOINT: `http://127.0.0.1:${collectorPort}/v1/traces`,
  MIDGARD_TRACING_SAMPLE_RATIO: String(ratio),
});
const services = [
  { name: 'off', service: await startService(children) },
  { name: 'off again', service: await startService(children) },
  { name: 'on, 0 %', service: await startService(children, on(0)) },
  { name: 'on, 1 %', service: await startService(children, on(0.01)) },
  { name: 'on, 100 %', service: await startService(children, on(1)) },
  ...(values.before === undefined ? [] : [{ name: 'before', service: await startService(children, {}, path.resolve(values.before)) }]),
];

const results = await comparedServices(services, pace);
const taken = await spans();
process.stdout.write(`the collector took ${taken} spans\n`);
writeResults('tracing', { ...pace, spans: taken }, results);
