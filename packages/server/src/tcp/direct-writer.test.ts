import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { DirectWriter } from './direct-writer.ts';

async function listen(): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return server;
}

/** Both ends of a connection; the client's reads nothing by itself. */
async function pair(server: Server): Promise<{ readonly accepted: Socket; readonly client: Socket }> {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server does not listen');
  const client = connect(address.port, '127.0.0.1').pause();
  const [accepted]: Socket[] = await once(server, 'connection');
  onTestFinished(() => void client.destroy());
  onTestFinished(() => void accepted!.destroy());
  return { accepted: accepted!, client };
}

async function received(client: Socket): Promise<string> {
  let text = '';
  for await (const chunk of client.setEncoding('latin1')) text += String(chunk);
  return text;
}

test('what a client does not read in time arrives whole and in order: a part at once, the rest the way of the stream', async () => {
  const { accepted, client } = await pair(await listen());
  const writer = DirectWriter.of(accepted)!;
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, n) => String(n).padStart(9)).join('\n'), 'latin1');
  let expected = '';
  let taken = bytes.length;
  while (taken === bytes.length) {
    taken = writer.write(bytes, bytes.length);
    expected += bytes.toString('latin1');
  }
  expect(writer.write(bytes, bytes.length)).toBe(0);
  accepted.write(bytes.subarray(taken));
  accepted.end();
  expect((await received(client)) === expected).toBe(true);
});

test('no more is written than asked for', async () => {
  const { accepted, client } = await pair(await listen());
  expect(DirectWriter.of(accepted)!.write(Buffer.from('all of this'), 3)).toBe(3);
  accepted.end();
  expect(await received(client)).toBe('all');
});

test('a closed socket takes nothing, also when its number is that of another connection', async () => {
  const server = await listen();
  const { accepted } = await pair(server);
  const writer = DirectWriter.of(accepted)!;
  accepted.destroy();
  await once(accepted, 'close');
  const others: Awaited<ReturnType<typeof pair>>[] = [];
  for (let n = 0; n < 5; n += 1) others.push(await pair(server));
  expect(writer.write(Buffer.from('for somebody else'), 17)).toBe(0);
  for (const other of others) other.accepted.end();
  expect(await Promise.all(others.map(({ client }) => received(client)))).toEqual(others.map(() => ''));
});

test('under TLS nothing is written as it is', async () => {
  const { accepted } = await pair(await listen());
  expect(DirectWriter.of(new TLSSocket(accepted, { isServer: true }))).toBeNull();
});
