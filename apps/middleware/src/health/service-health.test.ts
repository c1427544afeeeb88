import { startMariaDb, findMariaDb, findRedis, startRedis, until } from '@midgard/test-services';
import { createConnection } from 'mysql2/promise';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { figureOf } from '../testing/realm-http.ts';
import { ServiceProcess, type StartedService } from '../testing/service-process.ts';

const timeout = 120_000;
const isPossible = findMariaDb() !== undefined && findRedis() !== undefined;
const Detailed = z.object({ status: z.string(), phase: z.string(), components: z.array(z.looseObject({ name: z.string(), status: z.string() })) });

async function get({ baseUrl }: StartedService, path: string, key?: string): Promise<{ status: number; body: unknown; text: string }> {
  const answer = await fetch(`${baseUrl}${path}`, { headers: key === undefined ? {} : { 'X-API-Key': key } });
  const text = await answer.text();
  return { status: answer.status, body: JSON.parse(text), text };
}

test('operators see every part, by kind too; nobody else does', { timeout }, async () => {
  await using service = new ServiceProcess();
  const started = await service.start();
  const operator = (await service.command('keys', 'create', '--game', '*', '--role', 'operator')).stdout.trim();
  const viewer = (await service.command('keys', 'create', '--game', '*', '--role', 'viewer')).stdout.trim();
  const { status, body } = await get(started, '/health/detailed', operator);
  expect(status).toBe(200);
  const { components, ...rest } = Detailed.parse(body);
  // The event loop of a busy machine may be late.
  expect(rest).toEqual({ status: expect.stringMatching(/^(up|degraded)$/), phase: 'serving' });
  expect(components.map(({ name }) => name)).toEqual(['disk', 'event-loop', 'memory', 'realm', 'realm:write-behind', 'service']);
  const databases = await get(started, '/health/components?kind=database', operator);
  expect(databases.body).toMatchObject({ components: [{ name: 'realm', isCritical: true, status: 'up', reason: null }, { name: 'service' }] });
  for (const path of ['/health/detailed', '/health/components']) {
    for (const key of [viewer, started.key]) expect((await get(started, path, key)).status).toBe(403);
    expect((await get(started, path)).status).toBe(401);
  }
  expect(await figureOf(started, 'midgard_component_status{component="realm",kind="database",status="up"}')).toBe(1);
});

test.runIf(isPossible)(
  'without its database it is alive and not ready, and both again when it is back; without Redis it is degraded and ready',
  { timeout },
  async () => {
    await using database = await startMariaDb();
    await using redis = await startRedis();
    const admin = await createConnection(database.url);
    await admin.query('create database realm');
    admin.destroy();
    const url = `${database.url}/realm`;
    await using service = new ServiceProcess({ MIDGARD_DATABASES_REALM_URL: url, MIDGARD_CACHE_REDIS_URL: redis.url });
    const started = await service.start();
    const readiness = async (): Promise<number> => (await get(started, '/readyz')).status;
    await until(async () => (await readiness()) === 200);
    await redis.stop('SIGKILL');
    await until(async () => (await figureOf(started, 'midgard_component_status{component="redis",kind="redis",status="degraded"}')) === 1);
    expect(await readiness()).toBe(200);
    await database.stop('SIGKILL');
    await until(async () => (await readiness()) === 503);
    const { text } = await get(started, '/readyz');
    expect(text).toContain('"realm":"down"');
    expect(text).not.toContain(String(database.port));
    expect((await get(started, '/livez')).status).toBe(200);
    expect((await get(started, '/health')).status).toBe(503);
    await database.start();
    await until(async () => (await readiness()) === 200);
    const told = (): readonly unknown[] => service.logs.filter(({ component }) => component === 'realm').map(({ to }) => to);
    await expect.poll(told).toEqual(['down', 'up']);
  },
);
