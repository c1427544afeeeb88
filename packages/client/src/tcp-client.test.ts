import { Kind } from '@midgard/codec';
import { MidgardError } from '@midgard/errors';
import { expect, test } from 'vitest';
import type { FakeRequest } from './testing/fake-server.ts';
import { harness, next } from './testing/harness.ts';
import { toy } from './testing/toy-game.ts';

const start = harness();

test('a call goes out with the codes of the game and the operation', async () => {
  const server = await start.server();
  const client = await start.client(server);
  expect(await client.game(toy).call('player.get', { id: 42n })).toEqual({ id: '42' });
  expect(server.request(0).frame).toMatchObject({ kind: Kind.request, game: 7, operation: 1, priority: 0 });
});

test('10,000 requests at once: each gets its own answer, never more than maxInFlight at a time', async () => {
  const held: FakeRequest[] = [];
  let most = 0;
  const server = await start.server({
    welcome: { maxInFlight: 100 },
    onRequest: (request) => {
      held.push(request);
      most = Math.max(most, held.length);
      // Answers a turn later, the last request first.
      if (held.length === 1)
        setImmediate(() =>
          held
            .splice(0)
            .toReversed()
            .forEach((one) => one.peer.answer(one, one.input)),
        );
    },
  });
  const client = await start.client(server);
  const inputs = Array.from({ length: 10_000 }, (_, id) => ({ id }));
  const answers = await Promise.all(inputs.map((input) => client.request({ game: 7, operation: 1, input })));
  expect(answers).toEqual(inputs);
  expect(most).toBe(100);
  expect(server.requests.map(({ input }) => input)).toEqual(inputs);
});

test('an id in flight is not given twice', async () => {
  const server = await start.server();
  const client = await start.client(server);
  await Promise.all(Array.from({ length: 50 }, () => client.request({ game: 7, operation: 1 })));
  expect(new Set(server.requests.map(({ frame }) => frame.requestId)).size).toBe(50);
});

test('requests are spread over the connections of the pool', async () => {
  const server = await start.server({ onRequest: () => {} });
  const client = await start.client(server, { connections: 3 });
  let others = 0;
  const opened = new Promise<void>((resolve) => client.on('connected', () => (others += 1) === 2 && resolve()));
  await opened;
  const requests = Array.from({ length: 9 }, () => client.request({ game: 7, operation: 1 }).catch(() => {}));
  await server.until(() => server.requests.length === 9);
  expect(server.peers.map((peer) => peer.ofKind(Kind.request).length)).toEqual([3, 3, 3]);
  await client.close({ graceMs: 0 });
  await Promise.all(requests);
});

test('an error of the server is a MidgardError with its code', async () => {
  const server = await start.server({ onRequest: (request) => request.peer.refuse(request, 2006) });
  const client = await start.client(server);
  const error = await client
    .game(toy)
    .call('player.get', { id: '1' })
    .catch((error: unknown) => error);
  expect(MidgardError.is(error, 'versionConflict')).toBe(true);
});

test('an unknown operation is refused before anything is sent', async () => {
  const server = await start.server();
  const client = await start.client(server);
  const untyped: { call(name: string, input: unknown): Promise<unknown> } = client.game(toy);
  await expect(untyped.call('player.fly', {})).rejects.toMatchObject({ code: 'ERR_CLIENT_ARGUMENT' });
  expect(server.requests).toEqual([]);
});

test('a request beyond the frame limit is refused before anything is sent, and the connection goes on', async () => {
  const server = await start.server({ welcome: { maxFrameBytes: 4096 } });
  const client = await start.client(server);
  await expect(client.request({ game: 7, operation: 1, input: { text: 'x'.repeat(4096) } })).rejects.toMatchObject({ code: 'ERR_CLIENT_TOO_LARGE' });
  expect(await client.request({ game: 7, operation: 1, input: { text: 'x' } })).toEqual({ text: 'x' });
});

test('bodies larger than the output buffer go out whole and in order', async () => {
  const server = await start.server();
  const client = await start.client(server);
  const inputs = Array.from({ length: 20 }, (_, n) => ({ text: String(n % 10).repeat(n % 3 === 0 ? 300_000 : 40_000) }));
  expect(await Promise.all(inputs.map((input) => client.request({ game: 7, operation: 1, input })))).toEqual(inputs);
});

test('a trace context goes in front of the body', async () => {
  const server = await start.server();
  const client = await start.client(server);
  const trace = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', flags: 1 };
  await client.game(toy).call('player.get', { id: '1' }, { trace });
  const { frame } = server.request(0);
  expect(frame.flags & 4).toBe(4);
  expect(frame.body.subarray(0, 25).toString('hex')).toBe(`${trace.traceId}${trace.spanId}01`);
});

test('the client is asked for the trace of a request that names none', async () => {
  const traces = [{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), flags: 1 }];
  const server = await start.server();
  const client = await start.client(server, { trace: () => traces.pop() });
  await client.game(toy).call('player.get', { id: '1' });
  await client.game(toy).call('player.get', { id: '1' });
  expect([0, 1].map((at) => server.request(at).frame.flags & 4)).toEqual([4, 0]);
  expect(server.request(0).frame.body.subarray(0, 25).toString('hex')).toBe(`${'a'.repeat(32)}${'b'.repeat(16)}01`);
});

test('batch pairs results and errors with its entries', async () => {
  const server = await start.server({
    onRequest: (request) => request.peer.answer(request, [{ ok: { id: '1' } }, { error: { code: 2002, message: 'no such player' } }]),
  });
  const client = await start.client(server);
  const [first, second] = await client.batch([
    { game: 7, operation: 1, input: { id: '1' } },
    { game: 7, operation: 1, input: { id: '2' } },
  ]);
  expect(server.request(0).frame).toMatchObject({ game: 0, operation: 1 });
  expect(first).toEqual({ ok: { id: '1' } });
  expect(second?.error).toMatchObject({ code: 2002 });
});

test.each([{ answer: null }, { answer: [] }, { answer: [{}] }, { answer: [{ ok: 1 }, { ok: 2 }] }])(
  'a batch of one with $answer is ERR_CLIENT_PROTOCOL',
  async ({ answer }) => {
    const server = await start.server({ onRequest: (request) => request.peer.answer(request, answer) });
    const client = await start.client(server);
    await expect(client.batch([{ game: 7, operation: 1, input: {} }])).rejects.toMatchObject({ code: 'ERR_CLIENT_PROTOCOL' });
  },
);

test('whoami asks the middleware itself', async () => {
  const me = { subject: 'key:1', kind: 'apiKey', roles: ['game-server'], games: ['toy'], expiresAt: null };
  const server = await start.server({ onRequest: (request) => request.peer.answer(request, me) });
  const client = await start.client(server);
  expect(await client.whoami()).toEqual(me);
  expect(server.request(0).frame).toMatchObject({ game: 0, operation: 4 });
});

test('a push reaches the listeners', async () => {
  const server = await start.server();
  const client = await start.client(server);
  const event = next(client, 'push');
  server.peer(0).send({ kind: Kind.push, game: 7, operation: 900 }, { hello: 'world' });
  expect(await event).toEqual({ game: 7, code: 900, value: { hello: 'world' } });
});

test('an answer to a request that nobody made ends the connection as a protocol fault', async () => {
  const server = await start.server();
  const client = await start.client(server);
  const lost = next(client, 'disconnected');
  server.peer(0).send({ kind: Kind.response, requestId: 99 }, {});
  expect(await lost).toMatchObject({ code: 'ERR_CLIENT_PROTOCOL' });
});

test('an answer that cannot be decoded fails its request only', async () => {
  const server = await start.server({
    onRequest: ({ peer, frame }) => {
      const answer = peer.frame({ kind: Kind.response, requestId: frame.requestId }, 0);
      answer[answer.length - 1] = 0xc1;
      peer.socket.write(answer);
    },
  });
  const client = await start.client(server);
  await expect(client.request({ game: 7, operation: 1 })).rejects.toMatchObject({ code: 'ERR_CLIENT_PROTOCOL' });
  server.options = {};
  expect(await client.request({ game: 7, operation: 1 })).toEqual({});
  expect(server.peers).toHaveLength(1);
});
