import { parseInput, read, write } from '@midgard/game-kit';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Dispatcher } from './dispatcher.ts';
import { fixtureOfTest } from './http/testing/fixture.ts';
import { openApiDocument } from './http/openapi/document.ts';
import { GameRouter } from './router.ts';
import type { ServiceOperations } from './service-operations.ts';
import { anonymous } from './session.ts';
import { CountingMetrics } from './testing/harness.ts';
import { principal } from './testing/principals.ts';

const lookAtEngine = read({
  code: 64,
  name: 'engine.look',
  permission: 'admin:engine',
  http: 'GET /engine/state',
  summary: 'How the engine runs',
  input: z.strictObject({ depth: z.int().min(0).default(1) }),
  output: z.strictObject({ depth: z.int() }),
  owner: 'none',
  handle: () => expect.unreachable(),
});

const turnEngine = write({
  code: 65,
  name: 'engine.turn',
  permission: 'admin:engine',
  http: 'POST /engine/state',
  summary: 'Turns it',
  input: z.strictObject({ by: z.int() }),
  output: z.strictObject({ by: z.int() }),
  owner: 'none',
  idempotent: 'no',
  event: null,
  changes: {},
  handle: () => expect.unreachable(),
});

const service: ServiceOperations = { operations: [lookAtEngine, turnEngine], execute: async ({ operation, input }) => parseInput(operation, input) };

function setUp() {
  const metrics = new CountingMetrics();
  const dispatcher = new Dispatcher({ router: new GameRouter(), service, metrics });
  const ask = (caller: Parameters<typeof principal>[0], operation: number | string = 64): Promise<unknown> =>
    dispatcher.call({ session: dispatcher.openSession(principal(caller), 'tcp'), game: 0, operation, input: { depth: 2 } });
  return { dispatcher, metrics, ask };
}

test('what the service can be asked is found by code and by name, and measured as its own', async () => {
  const { ask, metrics } = setUp();
  expect(await ask({ roles: ['admin'] })).toEqual({ depth: 2 });
  expect(await ask({ roles: ['admin'] }, 'engine.look')).toEqual({ depth: 2 });
  expect(metrics.requests.map(({ game, operation }) => `${game} ${operation}`)).toEqual(['midgard engine.look', 'midgard engine.look']);
});

test.each([
  ['a role without the permission', { roles: ['viewer'] }],
  ['an admin of one game', { roles: ['admin'], games: ['fake'] }],
  ["a player's token", { roles: ['player'], kind: 'player', games: ['fake'], playerId: 42n }],
] as const)('%s is refused', async (_, caller) => {
  await expect(setUp().ask(caller)).rejects.toMatchObject({ code: 3004 });
});

test('who has not said who they are is told to', async () => {
  const { dispatcher } = setUp();
  const session = dispatcher.openSession(anonymous, 'tcp');
  await expect(dispatcher.call({ session, game: 0, operation: 64, input: {} })).rejects.toMatchObject({ code: 3001 });
});

test('over HTTP it stands at its own path, with its input in the query, and other methods are refused', async () => {
  const { dispatcher } = setUp();
  const fixture = await fixtureOfTest({ dispatcher });
  expect(await fixture.ask('GET', '//engine/state?depth=3', { headers: { 'X-API-Key': 'admin' } })).toMatchObject({ status: 200, body: { depth: 3 } });
  expect(await fixture.ask('GET', '//engine/state?depth=x', { headers: { 'X-API-Key': 'admin' } })).toMatchObject({ status: 400, body: { code: 2001 } });
  expect(await fixture.ask('GET', '//engine/state')).toMatchObject({ status: 403 });
  const refused = await fixture.ask('PUT', '//engine/state', { headers: { 'X-API-Key': 'admin' } });
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
});

test('two operations may share a path, each with a method of its own', async () => {
  const { dispatcher } = setUp();
  const fixture = await fixtureOfTest({ dispatcher });
  expect(await fixture.ask('POST', '//engine/state', { headers: { 'X-API-Key': 'admin' }, body: { by: 5 } })).toMatchObject({ status: 200, body: { by: 5 } });
  expect(await fixture.ask('GET', '//engine/state', { headers: { 'X-API-Key': 'admin' } })).toMatchObject({ status: 200, body: { depth: 1 } });
});

test('the OpenAPI document tells of it', () => {
  const { paths } = openApiDocument([], { title: 'Midgard', version: '1' }, { service: [lookAtEngine, turnEngine] });
  expect(paths).toMatchObject({
    '/engine/state': {
      get: { operationId: 'midgard.engine.look', tags: ['midgard'], parameters: [{ name: 'depth', in: 'query' }] },
      post: { operationId: 'midgard.engine.turn' },
    },
  });
});
