// Requests a second of the TCP front end against a bare echo server of node:net, both in a process of their own,
// under the same load generator in the same run. The game behind it answers from memory, so what is measured is
// frame, permission, dispatch, encoding and metrics, without any database.
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { encodeFrame, encodeValue, Kind } from '@midgard/codec';
import { Dispatcher } from '../dispatcher.ts';
import { GameRouter } from '../router.ts';
import { FakeGame } from '../testing/fake-game.ts';
import { fakeAuthenticator } from '../testing/principals.ts';
import { TcpServer } from './server.ts';

const connections = 10;
const warmUpMs = 500;
const measureMs = 1500;
const depths = [1, 16, 64];

async function serveEcho(): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => socket.write(chunk));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function serveMidgard(): Promise<number> {
  const router = new GameRouter();
  router.add(new FakeGame());
  const server = new TcpServer({ dispatcher: new Dispatcher({ router }), authenticator: fakeAuthenticator, options: { port: 0 } });
  return (await server.start()).port;
}

async function startPeer(name: string): Promise<{ peer: ChildProcess; port: number }> {
  const peer = fork(import.meta.filename, [name]);
  const port = await new Promise<number>((resolve) => peer.once('message', (message) => resolve(Number(message))));
  return { peer, port };
}

const request = encodeFrame({ kind: Kind.request, requestId: 1, game: 7, operation: 1 }, encodeValue({ id: '1234567890' }, 'msgpack'));

/** Keeps `depth` requests unanswered and counts whole frames, by their lengths alone. */
function load(socket: Socket, depth: number, onAnswers: (count: number) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    let count = 0;
    while (at + 4 <= bytes.length && at + 4 + bytes.readUInt32BE(at) <= bytes.length) {
      at += 4 + bytes.readUInt32BE(at);
      count += 1;
    }
    rest = bytes.subarray(at);
    if (count === 0) return;
    onAnswers(count);
    socket.write(requests[count] ?? Buffer.alloc(0));
  });
  socket.write(requests[depth] ?? request);
}

const requests = Array.from({ length: 65 }, (_, count) => Buffer.concat(Array.from({ length: count }, () => request)));

async function openSocket(port: number, isMidgard: boolean): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise((resolve) => socket.once('connect', resolve));
  if (!isMidgard) return socket;
  const hello = { client: 'bench/1', auth: { kind: 'apiKey', key: 'server' }, encodings: ['msgpack'], compression: [], checksum: false };
  socket.write(encodeFrame({ kind: Kind.hello }, encodeValue(hello, 'json')));
  await new Promise((resolve) => socket.once('data', resolve));
  return socket;
}

async function measure(port: number, isMidgard: boolean, depth: number): Promise<number> {
  let answers = 0;
  const sockets = await Promise.all(Array.from({ length: connections }, () => openSocket(port, isMidgard)));
  for (const socket of sockets) load(socket, depth, (count) => (answers += count));
  await new Promise((resolve) => setTimeout(resolve, warmUpMs));
  const [startedAt, before] = [performance.now(), answers];
  await new Promise((resolve) => setTimeout(resolve, measureMs));
  const perSecond = (answers - before) / ((performance.now() - startedAt) / 1000);
  for (const socket of sockets) socket.destroy();
  return perSecond;
}

async function main(): Promise<void> {
  const [echo, midgard] = [await startPeer('echo'), await startPeer('midgard')];
  console.log(`${connections} connections, requests a second`);
  for (const depth of depths) {
    const bare = await measure(echo.port, false, depth);
    const ours = await measure(midgard.port, true, depth);
    console.log(
      `depth ${String(depth).padStart(2)}: midgard ${Math.round(ours)}, bare echo of node:net ${Math.round(bare)}, ratio ${(ours / bare).toFixed(2)}`,
    );
  }
  echo.peer.kill();
  midgard.peer.kill();
}

const role = process.argv[2];
if (role === 'echo') process.send?.(await serveEcho());
else if (role === 'midgard') process.send?.(await serveMidgard());
else await main();
