import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { MidgardError } from '@midgard/errors';
import { afterEach, expect, test } from 'vitest';
import type { HttpClientOptions } from './http-client.ts';
import { HttpClient } from './http-client.ts';
import { toy } from './testing/toy-game.ts';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A server that notes what it sees and does what it is told. */
async function serve(
  answer: (response: ServerResponse) => void,
  options: Partial<HttpClientOptions> = {},
): Promise<{ client: HttpClient; seen: Seen[]; baseUrl: string }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      seen.push({ method: request.method, url: request.url, headers: request.headers, body });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  const baseUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return { client: new HttpClient({ baseUrl, apiKey: 'mdg_dev_key', ...options }), seen, baseUrl };
}

function json(value: unknown, status = 200, type = 'application/json'): (response: ServerResponse) => void {
  return (response) => response.writeHead(status, { 'content-type': type }).end(JSON.stringify(value));
}

test('a call becomes the route of its operation', async () => {
  const { client, seen } = await serve(json({ id: '7', name: 'Freya' }));
  expect(await client.game(toy).call('player.update', { id: '7', name: 'Freya', expectedVersion: 2 })).toEqual({ id: '7', name: 'Freya' });
  expect(seen[0]).toMatchObject({
    method: 'PATCH',
    url: '/api/v1/games/toy/players/7',
    body: '{"name":"Freya"}',
    headers: { 'x-api-key': 'mdg_dev_key', 'if-match': '"2"', 'content-type': 'application/json' },
  });
});

test('idempotency key and trace go into their headers', async () => {
  const { client, seen } = await serve(json({ balance: '5' }));
  const trace = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', flags: 1 };
  await client.game(toy).call('wallet.credit', { playerId: '7', amount: 5n, idempotencyKey: 'key-4711' }, { trace });
  expect(seen[0]?.headers).toMatchObject({ 'idempotency-key': 'key-4711', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' });
});

test('the client is asked for the trace of a request that names none', async () => {
  const traceIds = ['a', 'b'].map((digit) => digit.repeat(32));
  const { client, seen } = await serve(json({ id: '1', name: 'a' }), {
    trace: () => (traceIds.length === 0 ? undefined : { traceId: traceIds.shift() ?? '', spanId: 'c'.repeat(16), flags: 0 }),
  });
  const trace = { traceId: 'd'.repeat(32), spanId: 'e'.repeat(16), flags: 1 };
  for (const options of [{}, { trace }, {}, {}]) await client.game(toy).call('player.get', { id: '1' }, options);
  expect(seen.map(({ headers }) => headers['traceparent'])).toEqual([
    `00-${'a'.repeat(32)}-${'c'.repeat(16)}-00`,
    `00-${'d'.repeat(32)}-${'e'.repeat(16)}-01`,
    `00-${'b'.repeat(32)}-${'c'.repeat(16)}-00`,
    undefined,
  ]);
});

test('a token goes out as Bearer, a function is asked for each request', async () => {
  let asked = 0;
  const { seen, baseUrl } = await serve(json({ id: '1', name: 'a' }));
  const client = new HttpClient({ baseUrl: `${baseUrl}/`, token: () => `t${(asked += 1)}` });
  await client.game(toy).call('player.get', { id: '1' });
  await client.game(toy).call('player.get', { id: '1' });
  expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer t1', 'Bearer t2']);
});

test('problem+json becomes a MidgardError with code and details', async () => {
  const body = { type: 'about:blank', title: 'invalid input', status: 400, code: 2001, message: 'bad', details: { issues: [{ path: 'id' }] } };
  const { client } = await serve(json(body, 400, 'application/problem+json'));
  const error = await client
    .game(toy)
    .call('player.get', { id: 'x' })
    .catch((error: unknown) => error);
  expect(MidgardError.is(error, 'invalidInput')).toBe(true);
  expect(error).toMatchObject({ message: 'bad', details: { issues: [{ path: 'id' }] } });
});

test.each([
  ['an error page of a proxy', 502, '<html>Bad Gateway</html>'],
  ['JSON that is no problem', 404, '{"error":"nope"}'],
  ['an empty refusal', 503, ''],
  ['a page in place of an answer', 200, '<html>'],
])('%s is ERR_CLIENT_PROTOCOL', async (_, status, body) => {
  const { client } = await serve((response) => response.writeHead(status).end(body));
  await expect(client.game(toy).call('player.get', { id: '1' })).rejects.toMatchObject({
    code: 'ERR_CLIENT_PROTOCOL',
    message: expect.stringContaining(String(status)),
  });
});

test('no answer in time is ERR_CLIENT_TIMEOUT', async () => {
  const { client } = await serve(() => {});
  await expect(client.game(toy).call('player.get', { id: '1' }, { timeoutMs: 30 })).rejects.toMatchObject({ code: 'ERR_CLIENT_TIMEOUT' });
});

test('an aborted signal is ERR_CLIENT_ABORTED with its reason', async () => {
  const abort = new AbortController();
  const { client } = await serve(() => abort.abort('enough'));
  await expect(client.game(toy).call('player.get', { id: '1' }, { signal: abort.signal })).rejects.toMatchObject({
    code: 'ERR_CLIENT_ABORTED',
    cause: 'enough',
  });
});

test('a connection that breaks is ERR_CLIENT_CONNECTION_LOST', async () => {
  const { client, seen } = await serve((response) => response.destroy());
  await expect(client.game(toy).call('player.get', { id: '1' })).rejects.toMatchObject({ code: 'ERR_CLIENT_CONNECTION_LOST' });
  expect(seen).toHaveLength(1);
});

test('credentials are not carried along a redirect', async () => {
  const { client, seen } = await serve((response) => response.writeHead(302, { location: '/elsewhere' }).end());
  await expect(client.game(toy).call('player.get', { id: '1' })).rejects.toMatchObject({ code: 'ERR_CLIENT_CONNECTION_LOST' });
  expect(seen).toHaveLength(1);
});
