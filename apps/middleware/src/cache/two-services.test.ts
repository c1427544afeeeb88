import { findRedis, mysqlForTests, type RedisServer, startRedis, until } from '@midgard/test-services';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callRealm, createPlayer, figureOf, type RealmAnswer } from '../testing/realm-http.ts';
import { ServiceProcess, type StartedService } from '../testing/service-process.ts';

const timeout = 60_000;
const mysql = await mysqlForTests();
const missing = 'missing' in mysql ? `: ${mysql.missing}` : findRedis() === undefined ? ': no redis-server' : '';

describe.skipIf(missing !== '')(`two services on one database and one Redis${missing}`, { timeout }, () => {
  const stack = new AsyncDisposableStack();
  let redis: RedisServer;
  let services: readonly StartedService[];
  let id: string;
  beforeAll(async () => {
    if ('missing' in mysql) return;
    stack.defer(() => mysql.remove());
    redis = await startRedis({ appendonly: 'no' });
    stack.defer(() => redis.remove());
    const env = { MIDGARD_DATABASES_REALM_URL: await mysql.freshDatabase(), MIDGARD_CACHE_REDIS_URL: redis.url };
    const first = await stack.use(new ServiceProcess({ ...env, MIDGARD_INSTANCE: '0' })).start();
    const second = await stack.use(new ServiceProcess({ ...env, MIDGARD_INSTANCE: '1' })).start();
    services = [first, second];
    id = await createPlayer(first, 'Mira');
  }, timeout);
  afterAll(() => stack.disposeAsync());

  const levelAt = async (at: number): Promise<unknown> => (await callRealm(services[at]!, 'GET', `/players/${id}`)).body['level'];
  const figure = (at: number, series: string): Promise<number> => figureOf(services[at]!, series);

  test('what one has read the other finds in Redis', async () => {
    await levelAt(0);
    await levelAt(1);
    expect(await figure(1, 'midgard_cache_answers_total{game="realm",entity="player",source="shared"}')).toBe(1);
  });

  test('a write by one is seen by itself at once, and by the other soon, and from then on', async () => {
    for (let level = 2; level < 12; level += 1) {
      await levelAt(1);
      expect((await callRealm(services[0]!, 'PATCH', `/players/${id}`, { body: { level } })).status).toBe(200);
      expect(await levelAt(0)).toBe(level);
      // Within which time it does is held by the trials of the cache, on a quiet machine.
      await until(async () => (await levelAt(1)) === level);
      expect(await levelAt(1)).toBe(level);
    }
  });

  test('while Redis is away both go on, and nobody is refused; when it is back, they share again', async () => {
    await redis.stop('SIGKILL');
    const replies: RealmAnswer[] = [];
    for (let i = 0; i < 50; i += 1) replies.push(await callRealm(services[i % 2]!, 'GET', `/players/${id}`));
    expect((await callRealm(services[0]!, 'PATCH', `/players/${id}`, { body: { level: 50 } })).status).toBe(200);
    expect(await levelAt(0)).toBe(50);
    expect(replies.every(({ status }) => status === 200)).toBe(true);
    expect(await figure(0, 'midgard_cache_joined')).toBe(0);
    const ready = async (): Promise<unknown> => {
      const answer = await fetch(`${services[0]!.baseUrl}/readyz`);
      return [answer.status, await answer.json()];
    };
    await expect.poll(ready).toMatchObject([200, { checks: { realm: 'up', redis: 'degraded' } }]);
    await redis.start();
    await until(async () => (await figure(0, 'midgard_cache_joined')) + (await figure(1, 'midgard_cache_joined')) === 2);
    expect(await levelAt(1)).toBe(50);
    await until(async () => (await figure(0, 'midgard_cache_invalidations_waiting')) === 0);
    expect(await figure(1, 'midgard_cache_bus_lost_total{cause="away"}')).toBeGreaterThanOrEqual(1);
  });
});
