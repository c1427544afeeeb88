import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import process from 'node:process';

/** One measured thing, beside the peer that ran with it where there was one. */
export interface BenchResult {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly peer?: { readonly what: string; readonly value: number };
  /** Above 1 where ours is better than the peer. */
  readonly ratio?: number;
}

/** The part of mitata's result that is kept. */
export interface MitataResult {
  readonly benchmarks: readonly { readonly runs: readonly { readonly name: string; readonly stats?: { readonly p50: number } | undefined }[] }[];
}

/** What a figure is worth nothing without: processor, cores, runtime, and what else the machine did. */
export function machineLine(): string {
  const [cpu] = cpus();
  const load = loadavg()
    .map((value) => value.toFixed(1))
    .join(' ');
  return `${cpu?.model ?? 'unknown'}, ${cpus().length} cores, Node ${process.versions.node}, load ${load}`;
}

/** Writes results to `benchmarks/results/<name>.json`, with the moment and the machine that they came from. */
export function record(name: string, results: readonly BenchResult[]): void {
  const folder = path.resolve(import.meta.dirname, '../../../benchmarks/results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify({ at: new Date().toISOString(), machine: machineLine(), results }, null, 2)}\n`);
}

/** The median times of a mitata run, nanoseconds. */
export function fromMitata({ benchmarks }: MitataResult): BenchResult[] {
  return benchmarks.flatMap(({ runs }) => runs.flatMap(({ name, stats }) => (stats === undefined ? [] : [{ what: name, value: stats.p50, unit: 'ns' }])));
}

/**
 * Sets two medians of one run beside each other.
 *
 * @param ours, peer names of benchmarks; the ratio is above 1 where ours takes less
 */
export function against(results: readonly BenchResult[], ours: string, peer: string): BenchResult {
  const find = (what: string): BenchResult => {
    const found = results.find((result) => result.what === what);
    if (found === undefined) throw new Error(`no benchmark "${what}" ran`);
    return found;
  };
  const [one, other] = [find(ours), find(peer)];
  return { ...one, peer: { what: peer, value: other.value }, ratio: other.value / one.value };
}

/** Prints results a line each, for people. */
export function print(results: readonly BenchResult[]): void {
  for (const { what, value, unit, peer, ratio } of results) {
    const beside = peer === undefined ? '' : `; ${peer.what}: ${tidy(peer.value)} ${unit}`;
    process.stdout.write(`${what}: ${tidy(value)} ${unit}${beside}${ratio === undefined ? '' : `; ratio ${ratio.toFixed(2)}`}\n`);
  }
}

function tidy(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
