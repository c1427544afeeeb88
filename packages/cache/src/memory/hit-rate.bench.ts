/**
 * What each policy hits, as tables for the README: over the public traces in a folder, if one is given, and over generated ones.
 *
 *   node --conditions=@midgard/source src/memory/hit-rate.bench.ts [trace-folder]
 *
 * The traces are those of ben-manes/caffeine's simulator: `multi1` … `gli` (LIRS), gzip, a decimal key a line; `web07`, `orm-night` (cache2k), xz,
 * big-endian 32-bit integers, read with the command `xz`.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { MemoryCache } from './memory-cache.ts';
import type { PolicyName } from './policies/index.ts';
import { hitRateOf } from './test/hit-rate.ts';
import { generatedTraces, type Trace } from './test/traces.ts';

const names: readonly PolicyName[] = ['adaptive', 'lru', 'lfu', 'fifo'];
const generatedLength = 300_000;

const traceFiles: readonly (readonly [file: string, ...sizes: number[]])[] = [
  ['multi1.trace.gz', 500, 2000],
  ['multi2.trace.gz', 500, 2000],
  ['multi3.trace.gz', 500, 2000],
  ['loop.trace.gz', 500, 900],
  ['sprite.trace.gz', 200, 1000],
  ['2_pools.trace.gz', 500, 2000],
  ['gli.trace.gz', 500, 2000],
  ['web07.trace.xz', 1000, 4000],
  ['orm-night.trace.xz', 1000, 10_000],
];

function readTrace(path: string): Trace {
  if (path.endsWith('.xz')) {
    const bytes = execFileSync('xz', ['-dc', path], { maxBuffer: 2 ** 30 });
    return Int32Array.from({ length: Math.trunc(bytes.length / 4) }, (_, i) => bytes.readInt32BE(i * 4));
  }
  const lines = gunzipSync(readFileSync(path)).toString('latin1').split(/\r?\n/);
  return Int32Array.from(lines.filter((line) => /^\s*\d+\s*$/.test(line)).map(Number));
}

function ratesOf(trace: Trace, maxEntries: number): number[] {
  return names.map((policy) => hitRateOf(trace, new MemoryCache({ maxEntries, policy })));
}

function printRow(cells: readonly (string | number)[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

function printHead(first: string): void {
  printRow([first, 'accesses', 'size', ...names]);
  printRow(['---', ...Array.from({ length: names.length + 2 }, () => '--:')]);
}

/** And what it comes to: the means, and the row in which the default is farthest under lru. */
function printFoot(rows: readonly (readonly number[])[]): void {
  const means = names.map((_, i) => rows.reduce((sum, rates) => sum + (rates[i] ?? 0), 0) / rows.length);
  printRow(['**mean**', '', '', ...means.map((mean) => `**${mean.toFixed(2)}**`)]);
  const least = Math.min(...rows.map(([adaptive = 0, lru = 0]) => adaptive - lru));
  console.log(`\nThe default against lru, at its worst: ${least.toFixed(2)} points.\n`);
}

const folder = process.argv[2];
if (folder !== undefined) {
  const rows: number[][] = [];
  printHead('trace');
  for (const [file, ...sizes] of traceFiles) {
    const trace = readTrace(join(folder, file));
    for (const size of sizes) {
      const rates = ratesOf(trace, size);
      rows.push(rates);
      printRow([file.replace(/\.trace.*/, ''), trace.length, size, ...rates.map((rate) => rate.toFixed(2))]);
    }
  }
  printFoot(rows);
}

const rows: number[][] = [];
printHead('generated');
for (const { name, entries, make } of generatedTraces) {
  const rates = ratesOf(make(generatedLength), entries);
  rows.push(rates);
  printRow([name, generatedLength, entries, ...rates.map((rate) => rate.toFixed(2))]);
}
printFoot(rows);
