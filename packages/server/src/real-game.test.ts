import { Kind } from '@midgard/codec';
import { defineGame, standardEntities, standardOperations } from '@midgard/game-kit';
import { openGame, playerCaller, service } from '@midgard/game-kit/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { Authenticator } from './authenticator.ts';
import { Dispatcher } from './dispatcher.ts';
import { GameRouter } from './router.ts';
import { TcpServer } from './tcp/server.ts';
import { fieldOf } from './testing/fake-game.ts';
import { TestClient } from './testing/test-client.ts';

const handler = defineGame({
  manifest: { id: 'plain', number: 3, version: '1.0.0', title: 'Plain' },
  entities: [...standardEntities],
  operations: [...standardOperations()],
});
const game = 3;
const [playerGet, playerCreate, playerUpdate, itemGrant] = [1, 2, 3, 31] as const;

/** The key is a player's id, or anything else for a trusted game server. */
const authenticator: Authenticator = {
  fromHello: async (auth) => (auth.kind === 'apiKey' && /^\d+$/.test(auth.key) ? playerCaller(BigInt(auth.key)) : service),
  fromHttp: async () => service,
};

/** Serves the game over TCP until the test is over. @returns opens a connection */
async function serve(): Promise<(key?: string) => Promise<TestClient>> {
  const open = await openGame(handler);
  const router = new GameRouter();
  router.add(open.runtime);
  const server = new TcpServer({ dispatcher: new Dispatcher({ router }), authenticator, options: { port: 0 } });
  const { port } = await server.start();
  const clients: TestClient[] = [];
  onTestFinished(async () => {
    for (const client of clients) client.close();
    await server.stop({ graceMs: 1000 });
    await open[Symbol.asyncDispose]();
  });
  return async (key = 'service') => {
    const client = await TestClient.open(port);
    clients.push(client);
    await client.hello({ auth: { kind: 'apiKey', key } });
    return client;
  };
}

test('a player made over the wire is read back equal, in both encodings', async () => {
  const connect = await serve();
  const client = await connect();
  const made = await client.call(1, playerCreate, { name: 'Ásgeir 🛡️' }, { game });
  expect(made).toMatchObject({ kind: Kind.response, body: { name: 'Ásgeir 🛡️', version: 1, id: expect.stringMatching(/^\d+$/) } });
  const id = fieldOf(made?.body, 'id');
  for (const encoding of ['msgpack', 'json'] as const) {
    expect((await client.call(2, playerGet, { id }, { game, encoding }))?.body).toEqual(made?.body);
  }
  expect((await client.call(3, playerGet, { id: 'x' }, { game }))?.body).toMatchObject({ code: 2001, details: { issues: [{ path: 'id' }] } });
  expect((await client.call(4, playerGet, { id: '1' }, { game }))?.body).toMatchObject({ code: 2002 });
});

test('pipelined updates of one player take effect in the order in which they were sent', async () => {
  const connect = await serve();
  const client = await connect();
  const id = fieldOf((await client.call(1, playerCreate, { name: 'One' }, { game }))?.body, 'id');
  for (let level = 2; level <= 60; level += 1) client.request(level, playerUpdate, { id, level, expectedVersion: level - 1 }, { game });
  const answers = await client.take(59);
  expect(answers.map(({ kind, body }) => [kind, fieldOf(body, 'version')])).toEqual(answers.map((_, n) => [Kind.response, n + 2]));
});

test('a batch writes, reads what it wrote, and repeats nothing for a repeated idempotency key', async () => {
  const connect = await serve();
  const client = await connect();
  const playerId = fieldOf((await client.call(1, playerCreate, { name: 'One' }, { game }))?.body, 'id');
  const grant = { game, operation: itemGrant, input: { playerId, itemType: 'gem', quantity: 5, reason: 'gift', idempotencyKey: 'gift-0001' } };
  const list = { game: 'plain', operation: 'item.list', input: { playerId } };
  const answer = await client.call(2, 1, [grant, list, grant, list], { game: 0 });
  const items = { ok: { items: [{ itemType: 'gem', quantity: '5' }], nextCursor: null } };
  expect(answer?.body).toMatchObject([{ ok: { quantity: '5' } }, items, { ok: { quantity: '5' } }, items]);
});

test('a player reads themselves and nobody else, and writes nothing', async () => {
  const connect = await serve();
  const trusted = await connect();
  const mine = fieldOf((await trusted.call(1, playerCreate, { name: 'Mine' }, { game }))?.body, 'id');
  const other = fieldOf((await trusted.call(2, playerCreate, { name: 'Other' }, { game }))?.body, 'id');
  const player = await connect(String(mine));
  expect((await player.call(1, playerGet, { id: mine }, { game }))?.body).toMatchObject({ name: 'Mine' });
  expect((await player.call(2, playerGet, { id: other }, { game }))?.body).toMatchObject({ code: 3004 });
  expect((await player.call(3, playerUpdate, { id: mine, level: 99 }, { game }))?.body).toMatchObject({ code: 3004 });
});
