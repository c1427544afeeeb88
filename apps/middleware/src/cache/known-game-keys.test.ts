import { until } from '@midgard/test-services';
import { expect, test } from 'vitest';
import { callRealm, createPlayer, figureOf } from '../testing/realm-http.ts';
import { ServiceProcess } from '../testing/service-process.ts';

test('keys that do not exist are refused without the database, and what is created meanwhile is found', { timeout: 60_000 }, async () => {
  await using process = new ServiceProcess({ MIDGARD_CACHE_ENTITIES: '{"player":{"knownKeys":true}}' });
  const service = await process.start();
  await createPlayer(service, 'before');
  // An empty table is known at once, and what is added to it counts.
  await until(async () => (await figureOf(service, 'midgard_cache_known_keys{game="realm",entity="player"}')) === 1);
  for (let id = 1; id <= 50; id += 1) expect((await callRealm(service, 'GET', `/players/${id}`)).status).toBe(404);
  expect(await figureOf(service, 'midgard_cache_load_seconds_count{game="realm",entity="player"}')).toBeLessThanOrEqual(2);
  expect((await callRealm(service, 'GET', `/players/${await createPlayer(service, 'after')}`)).status).toBe(200);
});
