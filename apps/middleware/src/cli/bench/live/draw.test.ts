import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Latency, Second } from '../outcome.ts';
import { drawView, progressLine, sparkline } from './draw.ts';
import { LiveView } from './live-view.ts';
import type { Progress } from './progress.ts';

const latency: Latency = { mean: 0.5, p50: 0.25, p90: 1, p95: 1.5, p99: 12.34, p999: 90, max: 1500 };

function second(at: number, ratePerSecond: number): Second {
  return { second: at, ratePerSecond, errors: 0, latencyMs: latency };
}

const progress: Progress = {
  title: 'midgard bench  read on realm',
  phase: 'measuring',
  elapsedMs: 2500,
  wholeMs: 10_000,
  seconds: [second(0, 800), second(1, 153_082)],
  latencyMs: latency,
  errorsByKind: { '1005 overloaded': 10, 'connection lost': 2 },
  server: { residentBytes: 228e6, eventLoopP99Ms: 10.2 },
};

test('the view shows the rate, the latencies, the errors by code and how the service is', () => {
  const view = drawView(progress, 100).join('\n');
  expect(view).toContain('midgard bench  read on realm\n██████░');
  expect(view).toContain('3 of 10 s, measuring; Ctrl-C ends it');
  expect(view).toContain('requests/s  153,082     ▁█');
  expect(view).toContain('now         0.50 ms   0.25 ms   1.50 ms   12.3 ms   1.50 s');
  expect(view).toContain('errors      12: 1005 overloaded 10, connection lost 2');
  expect(view).toContain('server      228 MB, event loop late by 10.2 ms');
});

test('no line is longer than the terminal, since one that wraps could not be drawn over', () => {
  for (const columns of [1, 20, 79, 200]) for (const line of drawView(progress, columns)) expect(Array.from(line).length).toBeLessThanOrEqual(columns);
});

test('before anything was measured there are dashes and no numbers', () => {
  const empty = { mean: null, p50: null, p90: null, p95: null, p99: null, p999: null, max: null };
  const view = drawView({ ...progress, seconds: [], latencyMs: empty, errorsByKind: {}, server: undefined }, 100).join('\n');
  expect(view).toMatch(/now {9}– /);
  expect(view).toContain('errors      none');
  expect(view).not.toMatch(/NaN|undefined|Infinity/);
});

test('the sparkline shows the last seconds, from nothing to the highest', () => {
  const all = [0, 50, 100].map((rate, at) => second(at, rate));
  expect(sparkline(all, 60)).toBe('▁▅█');
  expect(sparkline(all, 2)).toBe('▅█');
  expect(sparkline(all, 0)).toBe('');
});

test('a progress line has the same figures', () => {
  expect(progressLine(progress)).toBe(
    '2/10 s: 153,082 requests/s; mean 0.50 ms, P50 0.25 ms, P95 1.50 ms, P99 12.3 ms, max 1.50 s; errors 12: 1005 overloaded 10, connection lost 2; server 228 MB, event loop late by 10.2 ms (P99 of half a minute)',
  );
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function shown(isTTY: boolean, isPlain: boolean): { readonly view: LiveView; readonly text: () => string } {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 100 });
  let text = '';
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  let elapsedMs = 0;
  const view = new LiveView({ stream, isPlain, progress: () => ({ ...progress, elapsedMs: (elapsedMs += 1000) }) });
  return { view, text: () => text };
}

test('on a terminal it is drawn over itself', async () => {
  const { view, text } = shown(true, false);
  await vi.advanceTimersByTimeAsync(500);
  view.end();
  const lines = drawView(progress, 99).length;
  expect(text().split(`\u001B[${lines}A`)).toHaveLength(3);
});

test.each([
  ['elsewhere', false, false],
  ['where its user wants it so', true, true],
])('%s there is a line a second without a control character', async (_, isTTY, isPlain) => {
  const { view, text } = shown(isTTY, isPlain);
  await vi.advanceTimersByTimeAsync(3000);
  view.end();
  const lines = text().split('\n');
  expect(lines.map((line) => line.slice(0, 7))).toEqual(['1/10 s:', '2/10 s:', '3/10 s:', '4/10 s:', '']);
  expect(stripVTControlCharacters(text())).toBe(text());
  await vi.advanceTimersByTimeAsync(3000);
  expect(text().split('\n')).toEqual(lines);
});
