import { until } from '@midgard/test-services';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ServiceProcess, type StartedService } from '../testing/service-process.ts';

const Created = z.object({ id: z.string() });
const timeout = 60_000;

async function create({ baseUrl, key }: StartedService, name: string): Promise<string> {
  const response = await fetch(`${baseUrl}/api/v1/games/realm/players`, {
    method: 'POST',
    headers: { 'X-API-Key': key, 'Content-Type': 'application/json' },
    body: JSON.stringify({ name }),
  });
  return Created.parse(await response.json()).id;
}

async function figure({ baseUrl }: StartedService, name: string): Promise<number> {
  const text = await (await fetch(`${baseUrl}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(name))
      ?.split(' ')
      .at(-1) ?? Number.NaN,
  );
}

const inMemory = 'midgard_cache_entries{game="realm",entity="player"}';

test('what one run used most is in memory soon after the next has started, before anybody asks', { timeout }, async () => {
  await using service = new ServiceProcess();
  const first = await service.start();
  const id = await create(first, 'Mira');
  await create(first, 'nobody asks for this one');
  await fetch(`${first.baseUrl}/api/v1/games/realm/players/${id}`, { headers: { 'X-API-Key': first.key } });
  await service.end('SIGTERM');
  const second = await service.start();
  await until(async () => (await figure(second, inMemory)) === 1);
  expect(await figure(second, 'midgard_cache_warm_up_keys{result="warmed"}')).toBe(1);
});

test('every key of a table is loaded where the configuration says so, and readiness waits where it says that', { timeout }, async () => {
  const env = { MIDGARD_CACHE_ENTITIES: '{"player":{"warmUp":"all"}}', MIDGARD_CACHE_WARM_UP_READINESS_WAITS: 'true', MIDGARD_CACHE_WARM_UP_HOT_KEYS: '0' };
  await using service = new ServiceProcess({ ...env, MIDGARD_CACHE_WARM_UP_KEYS_PER_SECOND: '200' });
  const first = await service.start();
  for (let i = 0; i < 300; i += 1) await create(first, `player ${i}`);
  await service.end('SIGTERM');
  const second = await service.start();
  const ready = await fetch(`${second.baseUrl}/readyz`);
  expect([ready.status, JSON.stringify(await ready.json())]).toEqual([503, expect.stringContaining('warming up')]);
  await until(async () => (await fetch(`${second.baseUrl}/readyz`)).status === 200);
  expect(await figure(second, inMemory)).toBe(300);
});
