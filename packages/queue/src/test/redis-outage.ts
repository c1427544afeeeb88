/** Takes Redis away from working queues, and counts what was lost or done twice. Ends with 1 if anything was. */
import { parseArgs } from 'node:util';
import { runOutage } from './outage.ts';

const usage = `Adds and does jobs on a private Redis, kills Redis and one worker in the middle, and counts.

  npx pnpm --filter @midgard/queue run outage [options]

  --seconds N   how long Redis is away (20)
  --jobs N      how many jobs (3000)
  --workers N   worker processes, each doing 10 jobs at a time (3)
  --work-ms N   how long a job takes (20)
  --lock-ms N   how long a silent worker keeps its job (2000)
  --help        this text`;

const number = (fallback: string): { readonly type: 'string'; readonly default: string } => ({ type: 'string', default: fallback });
const { values } = parseArgs({
  options: {
    seconds: number('20'),
    jobs: number('3000'),
    workers: number('3'),
    'work-ms': number('20'),
    'lock-ms': number('2000'),
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
} else {
  const jobs = Number(values.jobs);
  const plan = { seconds: Number(values.seconds), jobs, workers: Number(values.workers), workMs: Number(values['work-ms']), lockMs: Number(values['lock-ms']) };
  const figures = await runOutage(plan, (line) => console.log(line));
  console.table(figures);
  const lost = jobs - figures.effects;
  const doubled = figures.gold - figures.effects;
  console.log(`lost ${lost}, done twice in effect ${doubled}, dead letters ${figures.deadLetters}`);
  if (lost !== 0 || doubled !== 0 || figures.deadLetters !== 0) process.exitCode = 1;
}
