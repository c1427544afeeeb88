import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { readSettings, wantsPlainOutput } from '../../config.ts';
import { SetupError } from '../../setup-error.ts';
import { Asker } from './asker.ts';
import { type BenchOptions, orderOf } from './bench-options.ts';
import { exceeded, type Limit } from './limits.ts';
import { LiveView } from './live/live-view.ts';
import type { Outcome } from './outcome.ts';
import { makesOrders, type Plan } from './plan.ts';
import { reportPage } from './report/report-page.ts';
import { readServerFigures } from './server-figures.ts';
import { type StressResult, StressRun } from './stress-run.ts';
import { summaryLines } from './summary.ts';

/** Something went wrong behind the load, or nothing was answered. */
const FAILED = 1;
/** A limit of `--fail-above` was exceeded, or orders were lost or doubled. */
const FOUND = 3;
/** As shells have it: 128 and the number of SIGINT. */
const INTERRUPTED = 130;

/** Puts load on a running service and tells how it took it. */
export async function benchCommand(options: BenchOptions): Promise<void> {
  const { plan, metricsUrl } = orderOf(options, readSettings().config);
  // A run of an hour must not end in a folder that does not exist.
  for (const file of [options.json, options.report]) if (file !== undefined) write(file, '');
  // Before anything is announced or shown: a wrong key or address is told at once.
  (await Asker.open(plan))[Symbol.dispose]();
  process.stderr.write(announcement(plan));
  const { outcome, troubles } = await runShown(plan, metricsUrl);
  process.stdout.write(`${summaryLines(outcome).join('\n')}\n`);
  if (options.json !== undefined) write(options.json, `${JSON.stringify(outcome, null, 2)}\n`);
  if (options.report !== undefined) write(options.report, reportPage(outcome));
  const findings = findingsOf(outcome, options.failAbove);
  for (const line of [...troubles, ...findings]) process.stderr.write(`✗ ${line}\n`);
  process.exitCode = troubles.length > 0 ? FAILED : findings.length > 0 ? FOUND : outcome.answered === 0 && !outcome.isEndedEarly ? FAILED : 0;
}

/** It writes into a live instance: whoever watches that must know what came from here. */
function announcement(plan: Plan): string {
  const orders = makesOrders(plan) ? `; its orders, marked bench: ${plan.run} in their metadata, stay` : '';
  return `makes ${plan.players} players in ${plan.game}, bench-${plan.run}-0 and so on, and deletes them (softly) at the end${orders}\n`;
}

async function runShown(plan: Plan, metricsUrl: string | undefined): Promise<StressResult> {
  const readServer = async () => (metricsUrl === undefined ? undefined : readServerFigures(metricsUrl, plan.key));
  const run = new StressRun({ plan, readServer, now: () => performance.now() });
  const view = new LiveView({ stream: process.stderr, isPlain: wantsPlainOutput(), progress: () => run.progress });
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) process.exit(INTERRUPTED);
    isStopping = true;
    run.stop();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await run.run();
  } finally {
    view.end();
  }
}

function findingsOf(outcome: Outcome, limits: readonly Limit[]): readonly string[] {
  const { lost = 0, doubled = 0 } = outcome.orders ?? {};
  return [...(lost + doubled === 0 ? [] : [`orders: ${lost} lost, ${doubled} doubled`]), ...exceeded(limits, outcome)];
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new SetupError('ERR_SETUP_ARGUMENT', `cannot write ${file}`, { cause: error });
  }
}
