import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { compiledLoad } from './compiled.ts';
import { loadPlan, type Pace, type Target } from './plan.ts';
import { type Interval, type Opened, parseReport, type Total } from './reports.ts';

/** What one run found out. */
export interface LoadResult extends Total {
  readonly handshakes: Opened;
}

/**
 * Puts load on a server, by the generator in C in a process of its own.
 *
 * @param onInterval called every `pace.everySeconds`
 * @throws if the generator cannot do it, with what it says
 */
export async function runLoad(target: Target, pace: Pace, onInterval: (interval: Interval) => void = () => undefined): Promise<LoadResult> {
  const child = spawn(compiledLoad(), { stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  // It may end before it has read everything; its complaint says why.
  child.stdin.on('error', () => undefined).end(loadPlan(target, pace));
  let handshakes: Opened | undefined;
  let total: Total | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const report = parseReport(line);
    if (report.kind === 'opened') handshakes = report;
    else if ('refusedRate' in report) total = report;
    else if (report.kind === 'interval' && 'seconds' in report) onInterval(report);
  }
  await exited;
  if (handshakes === undefined || total === undefined) {
    const refused = handshakes === undefined ? '' : `; handshakes that failed, by code or errno: ${JSON.stringify(handshakes.errors)}`;
    throw new Error(`the load generator failed: ${complaint.trim()}${refused}`);
  }
  return { ...total, handshakes };
}

/** The same, and an answer that is not good, or a connection that ended, is an error: for runs whose figures would else be those of refusals. */
export async function runGoodLoad(target: Target, pace: Pace): Promise<LoadResult> {
  const result = await runLoad(target, pace);
  if (result.refused > 0 || result.dropped > 0 || result.handshakes.refused > 0) {
    const { errors, dropped, handshakes } = result;
    throw new Error(`not every request was answered well: ${JSON.stringify({ errors, dropped, handshakes: handshakes.errors })}`);
  }
  return result;
}
