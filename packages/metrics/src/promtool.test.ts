import { spawnSync } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { collectProcess } from './process.ts';
import { Registry } from './registry.ts';

/** What Prometheus itself has to say of a page; undefined where it is not installed. */
function promtoolSays(page: string): { status: number | null; said: string } | undefined {
  const { error, status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: page, encoding: 'utf8' });
  if (error === undefined) return { status, said: stdout + stderr };
  if ('code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

const isMissing = promtoolSays('') === undefined;
if (isMissing) console.log('promtool is not installed (Debian: prometheus), so nobody but us has read our pages');

test('promtool finds nothing to say of the names, units and help texts of a process, nor of a page of every kind', () => {
  const registry = new Registry();
  onTestFinished(collectProcess(registry));
  registry
    .counter({ name: 'requests_total', help: 'Requests "of" \\ all\nkinds', labels: ['code'] })
    .labels({ code: 'a"\n\\ä' })
    .add(1e21);
  registry.gauge({ name: 'temperature_celsius', help: 'Now' }).labels({}).set(Number.NaN);
  registry
    .histogram({ name: 'answer_seconds', help: 'Time to the answer', labels: ['code'] })
    .labels({ code: '0' })
    .observe(0.1);
  registry.distinct({ name: 'active_players', help: 'Players of the last five minutes', windowMs: 300_000 }).labels({}).add(1n);
  registry.onCollect(() => {
    throw new TypeError('so that the counter of failures is there');
  });
  registry.merge('worker 1', {
    instance: 'a',
    version: 1,
    metrics: [{ definition: { type: 'counter', name: 'answer_seconds', help: '', labels: [], maxSeries: 1 }, series: [] }],
  });
  const page = registry.expose();
  expect(page).toContain('metrics_collect_errors_total');
  expect(page).toContain('metrics_merge_refused_total');
  if (!isMissing) expect(promtoolSays(page)).toEqual({ status: 0, said: '' });
});

test('promtool is heard: it has something to say of what is wrong', () => {
  if (!isMissing) expect(promtoolSays('no page\n')?.status).not.toBe(0);
});
