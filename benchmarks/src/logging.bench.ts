/**
 * What logs cost the whole service: reads of one cached player without a line, with the lines that are the default (one of a hundred good requests),
 * and with a line of every request, on standard output and in files. Rounds and ratios as in tracing.bench.ts.
 *
 * `npx pnpm --filter @midgard/benchmarks run bench:logging`; `--rounds 9 --seconds 2`.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { comparedServices } from './measure/compare-services.ts';
import { writeResults } from './measure/results.ts';
import { Children } from './service/children.ts';
import { startService } from './service/started-service.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '1' }, rounds: { type: 'string', default: '9' } } });
const pace = { seconds: Number(values.seconds), rounds: Number(values.rounds), connections: 50 };

await using children = new Children();
const folder = children.folder();
const lines = (successRate: number, dir?: string): Record<string, string> => ({
  MIDGARD_LOG_REQUESTS_SUCCESS_RATE: String(successRate),
  ...(dir !== undefined && { MIDGARD_LOG_FILES_DIR: path.join(folder, dir) }),
});
const services = [
  { name: 'none', service: await startService(children, lines(0)) },
  { name: 'none again', service: await startService(children, lines(0)) },
  { name: 'default', service: await startService(children) },
  { name: '1 %, files', service: await startService(children, lines(0.01, 'few')) },
  { name: 'all, files', service: await startService(children, lines(1, 'all')) },
];
writeResults('logging', pace, await comparedServices(services, pace));
