import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { callRealm, createPlayer, figureOf, type RealmAnswer } from '../testing/realm-http.ts';
import { ServiceProcess, type StartedService } from '../testing/service-process.ts';

describe('operations on the cache and the audit log', { timeout: 60_000 }, () => {
  const service = new ServiceProcess();
  let started: StartedService;
  let operator: string;
  let player: string;
  beforeAll(async () => {
    started = await service.start();
    operator = (await service.command('keys', 'create', '--game', 'realm', '--role', 'operator')).stdout.trim();
    player = await createPlayer(started, 'Mira');
  }, 60_000);
  afterAll(() => service[Symbol.asyncDispose]());

  const call = (method: string, path: string, { key = operator, body }: { key?: string; body?: object } = {}): Promise<RealmAnswer> =>
    callRealm(started, method, path, { key, ...(body === undefined ? {} : { body }) });
  const kept = async (entity: string, key: string): Promise<unknown> => (await call('GET', `/cache/${entity}/${key}`)).body['kept'];

  test('show what is kept of a key, and where, without reading the database', async () => {
    expect(await kept('player', player)).toEqual([{ operation: 'player.get', source: null, value: null }]);
    await call('GET', `/players/${player}`);
    expect(await kept('player', player)).toMatchObject([{ operation: 'player.get', source: 'memory', value: { id: player, name: 'Mira' } }]);
  });

  test('drop one key, an entity, or all of a player', async () => {
    for (const path of [`/cache/player/${player}`, '/cache/player', `/cache-tags/player:${player}`]) {
      await Promise.all([call('GET', `/players/${player}`), call('GET', `/players/${player}/wallet`)]);
      expect(await call('DELETE', path)).toEqual({ status: 200, body: { everywhere: true } });
      expect(await kept('player', player)).toMatchObject([{ source: null }]);
      const isAll = path.startsWith('/cache-tags');
      expect(await kept('wallet', player)).toContainEqual(expect.objectContaining({ operation: 'wallet.get', source: isAll ? null : 'memory' }));
    }
  });

  test('warm keys as their readers would, and count those that cannot be', async () => {
    await call('DELETE', '/cache/player');
    expect((await call('POST', '/cache/player/warm', { body: { keys: [player, '999'] } })).body).toEqual({ warmed: 1, failed: 1 });
    expect(await kept('player', player)).toMatchObject([{ source: 'memory' }]);
  });

  // One of the two entries says that a player does not exist.
  test('count what was served from where', async () => {
    const { body } = await call('GET', '/cache');
    expect(body).toMatchObject({ state: 'alone', waiting: 0 });
    expect(body['entities']).toContainEqual(expect.objectContaining({ entity: 'player', operations: ['player.get'], entries: 2 }));
    expect(await figureOf(started, 'midgard_cache_answers_total{game="realm",entity="player",source="loader"}')).toBeGreaterThan(0);
    expect(await figureOf(started, 'midgard_cache_entries{game="realm",entity="player"}')).toBe(2);
  });

  test('are refused to keys of games, and name an entity that nothing is cached of', async () => {
    expect(await call('GET', '/cache', { key: started.key })).toMatchObject({ status: 403 });
    expect(await call('DELETE', '/cache/dragon')).toMatchObject({ status: 404 });
    expect(await call('POST', '/cache/player/warm', { body: { keys: [] } })).toMatchObject({ status: 400, body: { code: 2001 } });
  });

  test('look into the audit log, also from a moment on', async () => {
    const admin = (await service.command('keys', 'create', '--game', 'realm', '--role', 'admin')).stdout.trim();
    await call('DELETE', `/cache/player/${player}`);
    const found = async (from: string): Promise<unknown> => (await call('GET', `/audit?operation=cache.drop&from=${from}`, { key: admin })).body['items'];
    expect(await found('2020-01-01T00:00:00Z')).toContainEqual(expect.objectContaining({ operation: 'cache.drop', entity: 'player', subject: player }));
    expect(await found('2100-01-01T00:00:00Z')).toEqual([]);
  });

  test('stand in the OpenAPI document', async () => {
    const document = z.object({ paths: z.record(z.string(), z.unknown()) }).parse(await (await fetch(`${started.baseUrl}/openapi.json`)).json());
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/api/v1/games/realm/cache/{entity}/{key}', '/api/v1/games/realm/api-keys/{id}/rotate']),
    );
  });
});
