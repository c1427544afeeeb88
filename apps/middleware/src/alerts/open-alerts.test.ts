import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLogger } from '@midgard/logging';
import { Registry } from '@midgard/metrics';
import { until } from '@midgard/test-services';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { ServiceAudit } from '../audit/service-audit.ts';
import { configSchema } from '../config-schema.ts';
import { openServiceDatabase } from '../database/service-database.ts';
import { openAlerts } from './open-alerts.ts';
import { openChannels } from './open-channels.ts';

const Line = z.looseObject({ msg: z.string() });

/** An instance with one rule, which holds as long as `level` is above 0. */
async function setUp(alerts: object, { isDatabaseAway = false } = {}) {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'midgard-alerts-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true }));
  const rules = [{ name: 'Level', metric: 'level', labels: {}, comparison: '>', value: 0, severity: 'critical' }];
  const config = configSchema.parse({ dataDir, alerts: { rules, intervalMs: 100, ...alerts } });
  const serviceDatabase = await openServiceDatabase(config);
  onTestFinished(() => serviceDatabase.close());
  if (isDatabaseAway) await serviceDatabase.close();
  const registry = new Registry();
  const level = registry.gauge({ name: 'level', help: 'Level', labels: ['game'] });
  const lines: z.infer<typeof Line>[] = [];
  const log = createLogger({ name: 'test', destination: { write: (line) => lines.push(Line.parse(JSON.parse(line))) } });
  const reconnected: string[] = [];
  const alerting = await openAlerts({
    config,
    registry,
    log,
    audit: ServiceAudit.ofService(config),
    serviceDatabase,
    databases: new Map(['realm', 'shop'].map((name) => [name, { reconnect: () => void reconnected.push(name) }])),
    breaker: undefined,
    snapshots: { take: () => Promise.reject(new Error('the disk is full')) },
  });
  onTestFinished(() => alerting[Symbol.dispose]());
  const set = (value: number): void => level.labels({ game: 'realm' }).set(value);
  return { alerting, registry, lines, reconnected, set, messages: () => lines.map(({ msg }) => msg) };
}

const binding = (action: string): object => ({ healing: [{ rule: 'Level', action, coolDownMs: 60_000 }] });

test('an alert is a line and a figure, has its action run on what its labels name, and ends', async () => {
  const { alerting, registry, lines, reconnected, set } = await setUp(binding('reconnect-pool'));
  set(5);
  alerting.start();
  await until(() => registry.expose().includes('midgard_healing_runs_total{action="reconnect-pool",outcome="succeeded"} 1'));
  expect(reconnected).toEqual(['realm']);
  expect(lines.find(({ msg }) => msg === 'an alert fires')).toMatchObject({
    level: 'error',
    alert: 'Level',
    to: 'firing',
    value: 5,
    labels: { game: 'realm' },
  });
  expect(registry.expose()).toContain('midgard_alerts{alertname="Level",severity="critical",state="firing"} 1');
  set(0);
  await until(() => lines.some(({ msg }) => msg === 'an alert is over'));
  expect(registry.expose()).toContain('midgard_alerts{alertname="Level",severity="critical",state="firing"} 0');
});

test('load is shed while the alert fires, and no longer', async () => {
  const { alerting, set } = await setUp(binding('shed-load'));
  alerting.start();
  expect(alerting.shedding.isOn).toBe(false);
  set(1);
  await until(() => alerting.shedding.isOn);
  set(0);
  await until(() => !alerting.shedding.isOn);
});

test('with a database that is away healing goes on, and what it did stands in the log', async () => {
  const { alerting, lines, set } = await setUp(binding('shed-load'), { isDatabaseAway: true });
  set(1);
  alerting.start();
  await until(() => lines.filter(({ msg }) => msg.startsWith('healing could not be noted')).length === 2);
  expect(alerting.shedding.isOn).toBe(true);
  expect(lines.find(({ phase, msg }) => phase === 'ended' && msg.startsWith('healing could not'))).toMatchObject({ action: 'shed-load', outcome: 'succeeded' });
});

test('an action that fails is counted and told of, without what the fault says', async () => {
  const { alerting, registry, lines, set, messages } = await setUp(binding('heap-snapshot'));
  set(1);
  alerting.start();
  await until(() => messages().includes('healing failed'));
  expect(registry.expose()).toContain('midgard_healing_runs_total{action="heap-snapshot",outcome="failed"} 1');
  expect(JSON.stringify(lines)).not.toContain('disk is full');
});

test('a breaker that is to be opened where there is none is told of at the start', async () => {
  const { lines } = await setUp(binding('open-breaker'));
  expect(lines).toMatchObject([{ level: 'warn', action: 'open-breaker' }]);
});

test('switched off, nothing is looked at and nothing can be asked', async () => {
  const { alerting, registry, set } = await setUp({ enabled: false });
  set(1);
  alerting.start();
  expect(alerting.operations).toEqual([]);
  expect(registry.expose()).not.toContain('midgard_alerts');
});

test('mails are sent where a channel says so', async () => {
  const mail = { kind: 'email', url: 'smtp://127.0.0.1:1', from: 'midgard@example.org', to: ['ops@example.org'] } as const;
  const channels = await openChannels({ mail });
  onTestFinished(() => channels.close());
  expect(await channels.sendTest('mail')).toMatchObject({ kind: 'email', outcome: 'failed', reason: expect.stringMatching(/^E/) });
});
