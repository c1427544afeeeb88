import { errorsText, latencyText, memoryText, rateText } from '../format.ts';
import type { Latency, Second } from '../outcome.ts';
import type { Progress } from './progress.ts';

const sparks = '▁▂▃▄▅▆▇█';
const barCells = 24;
const nothing: Latency = { mean: null, p50: null, p90: null, p95: null, p99: null, p999: null, max: null };

/**
 * The view of a run as it stands.
 *
 * @param columns of the terminal; no line is longer, since one that wraps could not be drawn over
 */
export function drawView(progress: Progress, columns: number): readonly string[] {
  const { title, seconds, latencyMs, errorsByKind, server } = progress;
  const last = seconds.at(-1);
  const lines = [
    title,
    phaseLine(progress),
    '',
    `requests/s  ${rateText(last?.ratePerSecond ?? 0).padEnd(12)}${sparkline(seconds, Math.max(0, Math.min(60, columns - 25)))}`,
    '',
    latencyRow('latency', ['mean', 'P50', 'P95', 'P99', 'max']),
    latencyRow('now', latencyCells(last?.latencyMs ?? nothing)),
    latencyRow('all', latencyCells(latencyMs)),
    '',
    `errors      ${errorsText(errorsByKind)}`,
    `server      ${serverText(server)}`,
  ];
  return lines.map((line) => Array.from(line).slice(0, columns).join('').trimEnd());
}

/** One line for logs and pipes, where nothing can be drawn over. */
export function progressLine({ phase, elapsedMs, wholeMs, seconds, errorsByKind, server }: Progress): string {
  const last = seconds.at(-1);
  if (phase !== 'measuring') return phase;
  const at = `${Math.floor(elapsedMs / 1000)}/${Math.round(wholeMs / 1000)} s`;
  if (last === undefined) return at;
  const { p50, p95, p99, mean, max } = last.latencyMs;
  const latency = `mean ${latencyText(mean)}, P50 ${latencyText(p50)}, P95 ${latencyText(p95)}, P99 ${latencyText(p99)}, max ${latencyText(max)}`;
  return `${at}: ${rateText(last.ratePerSecond)} requests/s; ${latency}; errors ${errorsText(errorsByKind)}${server === undefined ? '' : `; server ${serverText(server)}`}`;
}

/** The rate of the last seconds, as high as the highest of them allows. */
export function sparkline(seconds: readonly Second[], cells: number): string {
  const shown = cells === 0 ? [] : seconds.slice(-cells);
  const most = Math.max(1, ...shown.map(({ ratePerSecond }) => ratePerSecond));
  return shown.map(({ ratePerSecond }) => sparks[Math.min(sparks.length - 1, Math.floor((ratePerSecond / most) * sparks.length))]).join('');
}

function phaseLine({ phase, elapsedMs, wholeMs }: Progress): string {
  if (phase !== 'warming up' && phase !== 'measuring') return phase;
  const part = wholeMs === 0 ? 1 : Math.min(1, elapsedMs / wholeMs);
  const full = Math.round(part * barCells);
  return `${'█'.repeat(full)}${'░'.repeat(barCells - full)} ${Math.min(elapsedMs / 1000, wholeMs / 1000).toFixed(0)} of ${wholeMs / 1000} s, ${phase}; Ctrl-C ends it`;
}

function latencyCells({ mean, p50, p95, p99, max }: Latency): readonly string[] {
  return [mean, p50, p95, p99, max].map(latencyText);
}

function latencyRow(name: string, cells: readonly string[]): string {
  return `${name.padEnd(12)}${cells.map((cell) => cell.padEnd(10)).join('')}`;
}

function serverText(server: Progress['server']): string {
  if (server === undefined) return 'its metrics cannot be read';
  return `${memoryText(server.residentBytes)}, event loop late by ${latencyText(server.eventLoopP99Ms)} (P99 of half a minute)`;
}
