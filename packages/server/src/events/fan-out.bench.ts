/**
 * One event to 1,000 subscribers over WebSocket, beside a plain `ws` server that sends the same bytes to all its clients; in a process of their
 * own each, one after the other in turns, with the clients in this one. Told is the time from the event until the last client has it.
 * `node --conditions=@midgard/source src/events/fan-out.bench.ts`
 */
import { fork } from 'node:child_process';
import process from 'node:process';
import { WebSocket, WebSocketServer } from 'ws';
import { Dispatcher } from '../dispatcher.ts';
import { HttpServer } from '../http/http-server.ts';
import { GameRouter } from '../router.ts';
import { FakeEvents } from '../testing/fake-events.ts';
import { FakeGame } from '../testing/fake-game.ts';
import { principal } from '../testing/principals.ts';
import { EventHub } from './event-hub.ts';

const subscribers = 1000;
const eventsAtOnce = 10;
const rounds = 15;
const payload = { id: '1', playerId: '42', product: 'sword', quantity: '1', currency: 'gold', amount: '120', state: 'paid', note: 'x'.repeat(60) };

async function serveMidgard(): Promise<{ port: number; publish: () => void }> {
  const game = new FakeGame();
  const events = new FakeEvents();
  game.events = events;
  const router = new GameRouter();
  router.add(game);
  const caller = principal();
  const http = new HttpServer({
    dispatcher: new Dispatcher({ router, events: new EventHub() }),
    authenticator: { fromHello: async () => caller, fromHttp: async () => caller },
    version: '0',
    webSocket: { ticketKey: Buffer.alloc(32) },
  });
  const { port } = await http.start();
  return { port, publish: () => void events.commit('order.pay', payload) };
}

async function servePlain(): Promise<{ port: number; publish: () => void }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await new Promise((resolve) => server.once('listening', resolve));
  let sequence = 0;
  const publish = (): void => {
    sequence += 1;
    const at = new Date().toISOString();
    const event = { game: 'fake', id: String(sequence), event: 'order.pay', topics: ['player:42', 'orders', 'order:1', 'game'], at, data: payload };
    const message = Buffer.from(JSON.stringify({ event }));
    for (const client of server.clients) client.send(message, { binary: false });
  };
  server.on('connection', (socket) => socket.on('message', () => socket.send('{"id":1,"ok":{}}')));
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, publish };
}

async function serve(name: string): Promise<void> {
  const { port, publish } = await (name === 'midgard' ? serveMidgard() : servePlain());
  process.on('message', () => {
    for (let at = 0; at < eventsAtOnce; at += 1) publish();
  });
  process.send?.(port);
}

interface Peer {
  /** Milliseconds until all clients have got all events of a round. */
  readonly round: () => Promise<number>;
  readonly end: () => void;
}

async function startPeer(name: string): Promise<Peer> {
  const child = fork(import.meta.filename, [name]);
  const port = await new Promise<number>((resolve) => child.once('message', (message) => resolve(Number(message))));
  let missing = 0;
  let done: (() => void) | undefined;
  const input = { game: 'fake', topics: ['orders'] };
  const subscribe = JSON.stringify({ id: 1, game: 'midgard', operation: 'subscribe', input });
  const open = async (): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/events`, { perMessageDeflate: false });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.send(subscribe);
    await new Promise((resolve) => socket.once('message', resolve));
    socket.on('message', () => {
      missing -= 1;
      if (missing === 0) done?.();
    });
    return socket;
  };
  const sockets: WebSocket[] = [];
  while (sockets.length < subscribers) sockets.push(...(await Promise.all(Array.from({ length: 50 }, open))));
  return {
    round: async () => {
      missing = subscribers * eventsAtOnce;
      const startedAt = performance.now();
      await new Promise<void>((resolve) => {
        done = resolve;
        child.send('publish');
      });
      return performance.now() - startedAt;
    },
    end: () => {
      for (const socket of sockets) socket.terminate();
      child.kill();
    },
  };
}

const median = (values: readonly number[]): number => values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0;

async function main(): Promise<void> {
  const peers = { midgard: await startPeer('midgard'), plain: await startPeer('plain') };
  const times: Record<keyof typeof peers, number[]> = { midgard: [], plain: [] };
  for (let round = 0; round < rounds + 3; round += 1) {
    for (const name of ['midgard', 'plain'] as const) {
      const time = await peers[name].round();
      if (round >= 3) times[name].push(time);
    }
  }
  peers.midgard.end();
  peers.plain.end();
  const [ours, theirs] = [median(times.midgard), median(times.plain)];
  const perSecond = (ms: number): string => Math.round((subscribers * eventsAtOnce * 1000) / ms).toLocaleString('en');
  process.stdout.write(
    `${eventsAtOnce} events to ${subscribers} subscribers each, median of ${rounds}: midgard ${ours.toFixed(1)} ms (${perSecond(ours)} messages/s), ` +
      `plain ws ${theirs.toFixed(1)} ms (${perSecond(theirs)} messages/s), ratio ${(theirs / ours).toFixed(2)}\n`,
  );
}

const [name] = process.argv.slice(2);
await (name === undefined ? main() : serve(name));
