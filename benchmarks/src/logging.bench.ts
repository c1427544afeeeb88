/**
 * What logs cost the whole service: reads of one cached player without a line, with the lines that are the default (one of a hundred good requests),
 * and with a line of every request, on standard output and in files. Rounds and ratios as in tracing.bench.ts.
 *
 * `npx pnpm --filter @midgard/benchmarks run bench:logging`; `--rounds 9 --seconds 2`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { compareServices } from './compare-services.ts';
import { Children, httpReads, root, tcpReads } from './started-service.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '1' }, rounds: { type: 'string', default: '9' } } });
const pace = { seconds: Number(values.seconds), rounds: Number(values.rounds), connections: 50 };

using children = new Children();
const folder = mkdtempSync(path.join(tmpdir(), 'midgard-log-bench-'));
const lines = (successRate: number, dir?: string): Record<string, string> => ({
  MIDGARD_LOG_REQUESTS_SUCCESS_RATE: String(successRate),
  ...(dir !== undefined && { MIDGARD_LOG_FILES_DIR: path.join(folder, dir) }),
});
const services = [
  { name: 'none', service: await children.service(lines(0)) },
  { name: 'none again', service: await children.service(lines(0)) },
  { name: 'default', service: await children.service() },
  { name: '1 %, files', service: await children.service(lines(0.01, 'few')) },
  { name: 'all, files', service: await children.service(lines(1, 'all')) },
];
const results = [
  ...(await compareServices('TCP player.get, depth 1', services, await Promise.all(services.map(({ service }) => tcpReads(service, 1))), pace)),
  ...(await compareServices('HTTP player.get', services, await Promise.all(services.map(({ service }) => httpReads(service))), pace)),
];
const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model };
mkdirSync(path.join(root, 'benchmarks/results'), { recursive: true });
writeFileSync(path.join(root, 'benchmarks/results/logging.json'), `${JSON.stringify({ at: new Date().toISOString(), machine, ...pace, results }, null, 2)}\n`);
rmSync(folder, { recursive: true, force: true });
