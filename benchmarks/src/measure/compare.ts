import process from 'node:process';
import type { Pace, Target } from '../load/plan.ts';
import { type LoadResult, runGoodLoad } from '../load/run-load.ts';
import { median } from './median.ts';
import { type Usage, usageOf } from './process-usage.ts';
import { mb, ms, printTable, progress, whole } from './table.ts';

/** A running server and what it is asked. */
export interface Contestant {
  readonly name: string;
  readonly pid: number;
  readonly target: Target;
}

/** What is asked of all of them. */
export interface Comparison {
  /** Of the load: heads its table. */
  readonly load: string;
  readonly pace: Pace;
  readonly rounds: number;
  /** `first/each`: how much the first one does of what each of the others does. `each/first`: how much each does of what the first one does. */
  readonly ratio: 'first/each' | 'each/first';
}

/** Medians of one contestant. */
export interface Compared {
  readonly load: string;
  readonly name: string;
  readonly rate: number;
  /** Of the rates of the same round; NaN for the first one, null in JSON. */
  readonly ratio: number;
  readonly latencyUs: { readonly p50: number; readonly p99: number; readonly p999: number };
  readonly answerBytes: number;
  /** Processor time of the server for each request. */
  readonly cpuUs: number;
  /** As `ratio`, of that. */
  readonly cpuRatio: number;
  readonly memoryBytes: number;
  /** Highest part of a core that the generator took: near 1 it is the generator that is measured. */
  readonly generatorCpu: number;
}

interface Run {
  readonly result: LoadResult;
  readonly cpuUs: number;
  readonly memoryBytes: number;
}

/**
 * Puts the same load on each contestant in turn, in the opposite order every other round, so that what else the machine does meets all of
 * them; prints the medians and ratios within rounds.
 */
export async function compare(contestants: readonly Contestant[], comparison: Comparison): Promise<readonly Compared[]> {
  const { load, pace, rounds } = comparison;
  const runs = contestants.map((): Run[] => []);
  // Unmeasured: a server that has not met the load is compiled by it.
  for (const contestant of contestants) await runGoodLoad(contestant.target, { ...pace, seconds: Math.max(1, pace.seconds) });
  for (let round = 0; round < rounds; round += 1) {
    const order = contestants.map((_, at) => at);
    for (const at of round % 2 === 0 ? order : order.toReversed()) {
      const contestant = contestants[at];
      if (contestant === undefined) continue;
      const run = await runOnce(contestant, pace);
      runs[at]?.push(run);
      progress(`${load}, round ${round + 1} of ${rounds}: ${contestant.name} ${whole(run.result.rate)}/s`);
    }
  }
  if (process.stderr.isTTY) progress('');
  const compared = contestants.map((contestant, at) => summary(contestant.name, comparison, runs[at] ?? [], at === 0 ? undefined : (runs[0] ?? [])));
  print(load, compared, comparison.ratio);
  return compared;
}

async function runOnce({ pid, target }: Contestant, pace: Pace): Promise<Run> {
  const before: Usage = usageOf(pid);
  const result = await runGoodLoad(target, pace);
  const after = usageOf(pid);
  return { result, cpuUs: ((after.cpuMs - before.cpuMs) * 1000) / Math.max(1, result.good), memoryBytes: after.memoryBytes };
}

function summary(name: string, { load, ratio }: Comparison, runs: readonly Run[], first: readonly Run[] | undefined): Compared {
  const middle = (of: (run: Run) => number): number => median(runs.map(of));
  const ratioOf = (of: (run: Run) => number): number => {
    const ratios = first?.map((run, round) => {
      const other = runs[round];
      const quotient = other === undefined ? Number.NaN : of(run) / of(other);
      return ratio === 'first/each' ? quotient : 1 / quotient;
    });
    return ratios === undefined ? Number.NaN : median(ratios);
  };
  const quantile = (of: 'p50' | 'p99' | 'p999'): number => middle(({ result }) => result.latencyUs?.[of] ?? Number.NaN);
  return {
    load,
    name,
    rate: Math.round(middle(({ result }) => result.rate)),
    ratio: ratioOf(({ result }) => result.rate),
    latencyUs: { p50: quantile('p50'), p99: quantile('p99'), p999: quantile('p999') },
    answerBytes: middle(({ result }) => result.answerBytes),
    cpuUs: middle(({ cpuUs }) => cpuUs),
    cpuRatio: ratioOf(({ cpuUs }) => cpuUs),
    memoryBytes: middle(({ memoryBytes }) => memoryBytes),
    generatorCpu: Math.max(...runs.map(({ result }) => result.cpuSeconds / result.seconds)),
  };
}

function shown(ratio: number): string {
  return Number.isNaN(ratio) ? '' : ratio.toFixed(3);
}

function print(load: string, compared: readonly Compared[], ratio: Comparison['ratio']): void {
  const first = compared[0]?.name ?? '';
  printTable(load, compared, [
    { head: '', of: ({ name }) => name },
    { head: 'requests/s', of: ({ rate }) => whole(rate) },
    { head: ratio === 'first/each' ? `${first} ÷ it` : `÷ ${first}`, of: (row) => shown(row.ratio) },
    { head: 'P50 ms', of: ({ latencyUs }) => ms(latencyUs.p50) },
    { head: 'P99 ms', of: ({ latencyUs }) => ms(latencyUs.p99) },
    { head: 'P99.9 ms', of: ({ latencyUs }) => ms(latencyUs.p999) },
    { head: 'CPU µs each', of: ({ cpuUs }) => cpuUs.toFixed(2) },
    { head: 'CPU ratio', of: (row) => shown(row.cpuRatio) },
    { head: 'memory MB', of: ({ memoryBytes }) => mb(memoryBytes) },
    { head: 'answer bytes', of: ({ answerBytes }) => whole(answerBytes) },
    { head: 'generator CPU', of: ({ generatorCpu }) => `${(generatorCpu * 100).toFixed(0)} %` },
  ]);
}
