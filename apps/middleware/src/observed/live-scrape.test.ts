import { execFileSync } from 'node:child_process';
import { boards, prometheusFolder, type Query, readRules } from '@midgard/deploy';
import {
  findMariaDb,
  findProgram,
  findPrometheus,
  findRedis,
  type PrometheusServer,
  startMariaDbPair,
  startPrometheus,
  startRedis,
} from '@midgard/test-services';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ServiceProcess } from '../testing/service-process.ts';
import { DemoLoad } from '../testing/demo-load.ts';

const timeout = 300_000;
const promtool = findProgram('promtool') ?? '';
const isPossible = [findMariaDb(), findPrometheus(), findRedis()].every((program) => program !== undefined);
if (!isPossible) console.warn('not checked against a live scrape: prometheus, redis-server or mariadbd is not installed');

/** What Grafana puts in the place of its variables: everything, and a window that has some scrapes. */
function asked(expr: string): string {
  return expr.replaceAll('$__rate_interval', '20s').replaceAll('$instance', '.*').replaceAll('$game', '.*');
}

/** The series that an expression is about, without what it wants of them: an alert's expression gives nothing as long as all is well. */
function selectorsOf(expr: string): readonly string[] {
  return [...new Set([...expr.matchAll(/\b((?:midgard|nodejs|process|up|transport_game|game_entity)[\w:]*)(?=[{[ )/]|$)/g)].map(([name]) => name))];
}

/** What this service has not, and who looks after it. */
const elsewhere = new Set([
  // With TLS: certificate-watch.test.ts.
  'midgard_tls_certificate_expires_seconds',
]);

describe.runIf(isPossible)('a Prometheus that scrapes the service under load', { timeout }, () => {
  const parts = new AsyncDisposableStack();
  let prometheus: PrometheusServer;
  let page = '';

  beforeAll(async () => {
    const [pair, redis] = await Promise.all([startMariaDbPair(), startRedis()]);
    parts.defer(() => pair.remove());
    parts.defer(() => redis.remove());
    const admin = await createConnection(pair.primary.url);
    await admin.query('create database realm');
    admin.destroy();
    await pair.replica.waitForReplica();
    const service = parts.use(
      new ServiceProcess({
        MIDGARD_DATABASES_REALM_URL: `${pair.primary.url}/realm`,
        MIDGARD_DATABASES_REALM_REPLICAS: `[{url: '${pair.replica.url}/realm'}]`,
        MIDGARD_CACHE_REDIS_URL: redis.url,
        MIDGARD_LEDGERS_CHECK_EVERY_MS: '1000',
      }),
    );
    const started = await service.start();
    const load = parts.use(await DemoLoad.prepare(started));
    await load.turn();
    page = await (await fetch(`${started.baseUrl}/metrics`)).text();
    load.start();
    prometheus = await startPrometheus({
      job: 'midgard',
      targets: [new URL(started.baseUrl).host],
      rules: ['recording.yml', 'alerts.yml'].map((file) => `${prometheusFolder}${file}`),
    });
    parts.defer(() => prometheus.remove());
  }, timeout);
  afterAll(() => parts.disposeAsync(), timeout);

  const hasData = async (expr: string): Promise<boolean> => (await prometheus.query(asked(expr))).some(({ value }) => !Number.isNaN(value));

  test.each(boards.map((board) => [board.title, board] as const))('%s has no empty panel', async (_, { rows }) => {
    const queries: readonly Query[] = rows.flatMap(({ panels }) => panels.flatMap((panel) => panel.queries));
    for (const { expr, mayBeEmpty } of queries) {
      // Also what may be empty must be PromQL.
      if (mayBeEmpty === undefined) await expect.poll(() => hasData(expr), { message: expr, timeout: 60_000, interval: 250 }).toBe(true);
      else await prometheus.query(asked(expr));
    }
  });

  test('every rule is about series that there are', async () => {
    const names = readRules().flatMap(({ expr }) => selectorsOf(expr));
    for (const name of new Set(names))
      if (!elsewhere.has(name)) await expect.poll(() => hasData(name), { message: name, timeout: 60_000, interval: 250 }).toBe(true);
  });

  test('promtool has nothing against the page', () => {
    expect(execFileSync(promtool, ['check', 'metrics'], { input: page, encoding: 'utf8' })).toBe('');
  });

  test('of a service without a fault no critical alert is told', async () => {
    const critical = await prometheus.query('ALERTS{alertstate="firing",severity="critical"}');
    expect(critical.map(({ labels }) => labels['alertname'])).toEqual([]);
  });
});
