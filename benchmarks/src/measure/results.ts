import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { machineLine } from '@midgard/bench';
import { type Chart, drawChart } from './chart.ts';

const folder = path.resolve(import.meta.dirname, '../../results');

/**
 * Writes what a benchmark found to `benchmarks/results/<name>.json`, with the moment, the machine and the settings that it came from, and its
 * charts beside it.
 */
export function writeResults(name: string, settings: object, results: unknown, charts: Readonly<Record<string, Chart>> = {}): void {
  mkdirSync(folder, { recursive: true });
  const written = { at: new Date().toISOString(), machine: machineLine(), ...settings, results };
  writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(written, null, 2)}\n`);
  const files = Object.entries(charts).map(([part, chart]) => {
    const file = `${name}${part === '' ? '' : `-${part}`}.svg`;
    writeFileSync(path.join(folder, file), drawChart(chart));
    return file;
  });
  process.stdout.write(`${machineLine()}\nwritten to ${path.relative(process.cwd(), folder)}: ${[`${name}.json`, ...files].join(', ')}\n`);
}
