import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findProgram } from '@midgard/test-services';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { dashboardFile, dashboardText } from './dashboard-file.ts';
import { boards } from './index.ts';
import { prometheusFolder, readRules } from './rules.ts';

const testFiles = globSync('tests/*.test.yml', { cwd: prometheusFolder }).map((file) => `${prometheusFolder}${file}`);
const alerts = readRules().filter(({ isAlert }) => isAlert);
const promtool = findProgram('promtool');
if (promtool === undefined) console.warn('not checked by promtool: it is not installed (Debian package prometheus)');

function run(...args: readonly string[]): string {
  return promtool === undefined ? 'SUCCESS' : execFileSync(promtool, args, { encoding: 'utf8' });
}

test('Prometheus takes the rules and the configuration', () => {
  expect(run('check', 'rules', `${prometheusFolder}recording.yml`, `${prometheusFolder}alerts.yml`)).toContain('SUCCESS');
  expect(run('check', 'config', `${prometheusFolder}prometheus.yml`)).toContain('SUCCESS');
});

test("each alert does what it is for: promtool's own tests", { timeout: 120_000 }, () => {
  expect(run('test', 'rules', ...testFiles)).not.toContain('FAILED');
});

test('every alert is tested to fire and to be silent, says what happened and what to do, and wakes the right people', () => {
  const cases = testFiles.flatMap((file) => [
    ...readFileSync(file, 'utf8').matchAll(/alertname="(\w+)", alertstate="firing"\}'\n\s+eval_time: \S+\n\s+exp_samples:(?<none> \[\])?/g),
  ]);
  const tested = (alert: string, isFiring: boolean): boolean => cases.some(([, name, none]) => name === alert && (none === undefined) === isFiring);
  for (const { name, severity, annotations } of alerts) {
    expect([tested(name, true), tested(name, false)], name).toEqual([true, true]);
    expect(['critical', 'warning', 'info']).toContain(severity);
    expect(annotations).toMatchObject({ summary: expect.stringMatching(/./), description: expect.stringMatching(/\.$/) });
  }
  expect(alerts.find(({ name }) => name === 'MidgardLedgerImbalance')).toMatchObject({ severity: 'critical', expr: expect.stringContaining('!= 0') });
});

test.each(boards.map((board) => [board.title, board] as const))('the file of %s is current: pnpm --filter @midgard/deploy dashboards', (_, board) => {
  expect(readFileSync(dashboardFile(board), 'utf8')).toBe(dashboardText(board));
});

test('every panel says what it tells, and every dashboard is found under its own address', () => {
  const panels = boards.flatMap(({ rows }) => rows.flatMap((row) => row.panels));
  for (const { title, description, queries } of panels) {
    expect(description, title).toMatch(/\.$/);
    expect(queries.length, title).toBeGreaterThan(0);
  }
  expect(new Set(boards.map(({ uid }) => uid)).size).toBe(boards.length);
});

test('the examples for Alertmanager and Grafana are YAML, and hold no secret', () => {
  for (const file of ['../alertmanager/alertmanager.yml', '../grafana/provisioning/midgard.yml']) {
    const text = readFileSync(fileURLToPath(new URL(file, import.meta.url)), 'utf8');
    expect(parse(text)).toBeTypeOf('object');
    expect(text).not.toMatch(/https?:\/\/\S+@|token=|secret=/);
  }
});
