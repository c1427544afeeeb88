import { until } from '@midgard/test-services';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ServiceProcess } from '../testing/service-process.ts';

const Created = z.object({ id: z.string() });

test('keys that do not exist are refused without the database, and what is created meanwhile is found', { timeout: 60_000 }, async () => {
  await using service = new ServiceProcess({ MIDGARD_CACHE_ENTITIES: '{"player":{"knownKeys":true}}' });
  const { baseUrl, key } = await service.start();
  const headers = { 'X-API-Key': key, 'Content-Type': 'application/json' };
  const players = `${baseUrl}/api/v1/games/realm/players`;
  const figure = async (name: string): Promise<number> => {
    const text = await (await fetch(`${baseUrl}/metrics`)).text();
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(name))
        ?.split(' ')
        .at(-1) ?? Number.NaN,
    );
  };
  const create = async (name: string): Promise<string> => {
    const response = await fetch(players, { method: 'POST', headers, body: JSON.stringify({ name }) });
    return Created.parse(await response.json()).id;
  };
  await create('before');
  // An empty table is known at once, and what is added to it counts.
  await until(async () => (await figure('midgard_cache_known_keys{game="realm",entity="player"}')) === 1);
  const loads = (): Promise<number> => figure('midgard_cache_load_seconds_count{game="realm",entity="player"}');
  for (let id = 1; id <= 50; id += 1) expect((await fetch(`${players}/${id}`, { headers })).status).toBe(404);
  expect(await loads()).toBeLessThanOrEqual(2);
  expect((await fetch(`${players}/${await create('after')}`, { headers })).status).toBe(200);
});
