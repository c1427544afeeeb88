import { until } from '@midgard/test-services';
import { expect, test } from 'vitest';
import { callRealm, createPlayer, figureOf } from '../testing/realm-http.ts';
import { ServiceProcess } from '../testing/service-process.ts';

const timeout = 60_000;
const inMemory = 'midgard_cache_entries{game="realm",entity="player"}';

test('what one run used most is in memory soon after the next has started, before anybody asks', { timeout }, async () => {
  await using service = new ServiceProcess();
  const first = await service.start();
  const id = await createPlayer(first, 'Mira');
  await createPlayer(first, 'nobody asks for this one');
  await callRealm(first, 'GET', `/players/${id}`);
  await service.end('SIGTERM');
  const second = await service.start();
  await until(async () => (await figureOf(second, inMemory)) === 1);
  expect(await figureOf(second, 'midgard_cache_warm_up_keys{result="warmed"}')).toBe(1);
});

test('every key of a table is loaded where the configuration says so, and readiness waits where it says that', { timeout }, async () => {
  const env = { MIDGARD_CACHE_ENTITIES: '{"player":{"warmUp":"all"}}', MIDGARD_CACHE_WARM_UP_READINESS_WAITS: 'true', MIDGARD_CACHE_WARM_UP_HOT_KEYS: '0' };
  await using service = new ServiceProcess({ ...env, MIDGARD_CACHE_WARM_UP_KEYS_PER_SECOND: '200' });
  const first = await service.start();
  for (let i = 0; i < 300; i += 1) await createPlayer(first, `player ${i}`);
  await service.end('SIGTERM');
  const second = await service.start();
  const ready = await fetch(`${second.baseUrl}/readyz`);
  expect([ready.status, await ready.json()]).toMatchObject([503, { details: { checks: { 'cache-warm-up': 'down' } } }]);
  await until(async () => (await fetch(`${second.baseUrl}/readyz`)).status === 200);
  expect(await figureOf(second, inMemory)).toBe(300);
});
