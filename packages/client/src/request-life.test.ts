import { expect, test } from 'vitest';
import type { FakeRequest } from './testing/fake-server.ts';
import { FakeTime } from './testing/fake-timers.ts';
import { harness } from './testing/harness.ts';

const start = harness();

function answer(request: FakeRequest): void {
  request.peer.answer(request, 'ok');
}

test('a request fails when its time is over, and its late answer is dropped', async () => {
  const time = new FakeTime();
  const server = await start.server({ onRequest: () => {} });
  const client = await start.client(server, { timers: time, clock: time });
  const request = client.request({ game: 7, operation: 1, timeoutMs: 500 });
  request.catch(() => {});
  await server.until(() => server.requests.length === 1);
  time.advance(500);
  await expect(request).rejects.toMatchObject({ code: 'ERR_CLIENT_TIMEOUT' });
  const late = server.request(0);
  server.options = {};
  late.peer.answer(late, 'too late');
  expect(await client.request({ game: 7, operation: 1, input: { n: 1 } })).toEqual({ n: 1 });
});

test('time runs while a request waits for a free place, and its turn passes to the next', async () => {
  const time = new FakeTime();
  const server = await start.server({ welcome: { maxInFlight: 1 }, onRequest: () => {} });
  const client = await start.client(server, { timers: time, clock: time });
  const first = client.request({ game: 7, operation: 1, timeoutMs: 10_000 });
  const impatient = client.request({ game: 7, operation: 2, timeoutMs: 100 });
  const patient = client.request({ game: 7, operation: 3, timeoutMs: 10_000 });
  impatient.catch(() => {});
  await server.until(() => server.requests.length === 1);
  time.advance(100);
  await expect(impatient).rejects.toMatchObject({ code: 'ERR_CLIENT_TIMEOUT' });
  server.options = { ...server.options, onRequest: (request) => request.peer.answer(request, 'served') };
  const held = server.request(0);
  held.peer.answer(held, 'first');
  expect(await first).toBe('first');
  expect(await patient).toBe('served');
  expect(server.requests.map(({ frame }) => frame.operation)).toEqual([1, 3]);
});

test('a request that was given up still holds its place at the server until the answer comes', async () => {
  const server = await start.server({ welcome: { maxInFlight: 2 }, onRequest: () => {} });
  const client = await start.client(server);
  const abort = new AbortController();
  const given = client.request({ game: 7, operation: 1, signal: abort.signal });
  const held = client.request({ game: 7, operation: 2 });
  const waiting = client.request({ game: 7, operation: 3 });
  await server.until(() => server.requests.length === 2);
  abort.abort();
  await expect(given).rejects.toMatchObject({ code: 'ERR_CLIENT_ABORTED' });
  answer(server.request(1));
  expect(await held).toBe('ok');
  await server.until(() => server.requests.length === 3);
  answer(server.request(2));
  expect(await waiting).toBe('ok');
});

test('a connection on which every request ran out of time is replaced', async () => {
  const time = new FakeTime();
  const server = await start.server({ welcome: { maxInFlight: 2 }, onRequest: () => {} });
  const client = await start.client(server, { timers: time, clock: time });
  const requests = [1, 2].map((operation) => client.request({ game: 7, operation, timeoutMs: 50 }));
  const settled = Promise.allSettled(requests);
  await server.until(() => server.requests.length === 2);
  time.advance(50);
  await settled;
  time.advance(1);
  server.options = {};
  await server.until(() => server.peers[1]?.hello !== undefined);
  expect(await client.request({ game: 7, operation: 1, input: { n: 2 } })).toEqual({ n: 2 });
});

test('late answers give their places back: such a connection is not replaced', async () => {
  const time = new FakeTime();
  const late: FakeRequest[] = [];
  const server = await start.server({
    welcome: { maxInFlight: 2 },
    onRequest: (request) => (request.frame.operation === 1 ? void late.push(request) : answer(request)),
  });
  const client = await start.client(server, { timers: time, clock: time });
  for (let round = 0; round < 5; round++) {
    const settled = client.request({ game: 7, operation: 1, timeoutMs: 50 }).catch((error: unknown) => error);
    await server.until(() => late.length === 1);
    time.advance(50);
    expect(await settled).toMatchObject({ code: 'ERR_CLIENT_TIMEOUT' });
    for (const request of late.splice(0)) answer(request);
    // Its answer comes behind the late one.
    expect(await client.request({ game: 7, operation: 2 })).toBe('ok');
  }
  expect(server.peers).toHaveLength(1);
});

test('closing while credentials are being fetched opens nothing more', async () => {
  const server = await start.server();
  const { promise: token, resolve: giveToken } = Promise.withResolvers<void>();
  const { promise: isAsked, resolve: noteAsked } = Promise.withResolvers<void>();
  let asked = 0;
  const client = await start.client(server, {
    auth: async () => {
      asked += 1;
      if (asked > 1) {
        noteAsked();
        await token;
      }
      return { kind: 'token', token: 't' };
    },
  });
  server.peer(0).socket.destroy();
  await isAsked;
  await client.close();
  giveToken();
  await new Promise((resolve) => setImmediate(resolve));
  expect(server.peers).toHaveLength(1);
});

test('an aborted signal fails the request at once, with its reason as the cause', async () => {
  const server = await start.server();
  const client = await start.client(server);
  const reason = new Error('the player left');
  await expect(client.request({ game: 7, operation: 1, signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
    code: 'ERR_CLIENT_ABORTED',
    cause: reason,
  });
  expect(server.requests).toEqual([]);
});

test('a settled request leaves no timer and no listener', async () => {
  const time = new FakeTime();
  const server = await start.server();
  const client = await start.client(server, { timers: time, clock: time });
  const { signal } = new AbortController();
  let listeners = 0;
  signal.addEventListener = () => void (listeners += 1);
  signal.removeEventListener = () => void (listeners -= 1);
  await client.request({ game: 7, operation: 1, signal });
  expect(listeners).toBe(0);
  expect(time.pending).toEqual([30_000]); // the heartbeat
});

test('close waits for the answers, takes nothing new and says goodbye', async () => {
  const server = await start.server({ welcome: { maxInFlight: 1 }, onRequest: () => {} });
  const client = await start.client(server);
  const inFlight = client.request({ game: 7, operation: 1 });
  const waiting = client.request({ game: 7, operation: 2 });
  const closed = client.close();
  await expect(client.request({ game: 7, operation: 3 })).rejects.toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
  await server.until(() => server.requests.length === 1);
  server.options = { ...server.options, onRequest: (request) => request.peer.answer(request, 'second') };
  server.request(0).peer.answer(server.request(0), 'first');
  expect(await Promise.all([inFlight, waiting])).toEqual(['first', 'second']);
  await closed;
  await server.until(() => server.peer(0).isClosed);
  expect(server.peer(0).payloads(8)).toEqual([expect.stringContaining('"code":1008')]);
});

test('close gives up what is unanswered after its grace', async () => {
  const time = new FakeTime();
  const server = await start.server({ onRequest: () => {} });
  const client = await start.client(server, { timers: time, clock: time });
  const request = client.request({ game: 7, operation: 1 });
  request.catch(() => {});
  await server.until(() => server.requests.length === 1);
  const closed = client.close({ graceMs: 200 });
  time.advance(200);
  await expect(request).rejects.toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
  await closed;
  expect(time.pending).toEqual([]);
});

test('closing twice is closing once', async () => {
  const server = await start.server();
  const client = await start.client(server);
  await Promise.all([client.close(), client.close()]);
  await client.close();
  expect(server.peers).toHaveLength(1);
});
