import { Kind } from '@midgard/codec';
import { MidgardError } from '@midgard/errors';
import type { ExecuteRequest } from '@midgard/game-kit';
import { WebSocket } from 'ws';
import type { Principal } from '@midgard/auth';
import type { Authenticator } from '../authenticator.ts';
import { Dispatcher } from '../dispatcher.ts';
import type { DispatcherOptions } from '../dispatcher-options.ts';
import { EventHub, type EventHubOptions } from '../events/event-hub.ts';
import { HttpServer, type HttpServerOptions } from '../http/http-server.ts';
import { GameRouter } from '../router.ts';
import { TcpServer } from '../tcp/server.ts';
import type { WebSocketOptions } from '../websocket/options.ts';
import { FakeEvents } from './fake-events.ts';
import { FakeGame, fieldOf } from './fake-game.ts';
import { FakeTime } from './fake-time.ts';
import { turn, until } from './harness.ts';
import { principal } from './principals.ts';
import { TestClient } from './test-client.ts';

/** An error code, or what was answered. */
export type Outcome = { readonly ok: unknown } | { readonly error: unknown };

/** A client of events, whatever it speaks. */
export interface EventClient {
  call(operation: string, input: unknown, game?: string): Promise<Outcome>;
  /** Bodies of the events, gaps and goodbyes that came, oldest first. */
  readonly heard: Record<string, unknown>[];
  /** With which code it ended: an error code over TCP, a close code over WebSocket. */
  readonly ended: Promise<number>;
  /** Reads nothing any more. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** As a real game: a player reads what is that player's, and nobody what is not there. */
class OwnedGame extends FakeGame {
  override async execute(request: ExecuteRequest): Promise<unknown> {
    const id = fieldOf(request.input, 'id');
    const playerId = request.caller?.playerId ?? null;
    if (playerId !== null && id !== String(playerId)) throw new MidgardError('notPermitted', 'not yours');
    if (id === '404') throw new MidgardError('notFound', 'no such thing');
    return super.execute(request);
  }
}

/** Both servers on one dispatcher and hub, with a game whose events a test makes. */
export interface EventHarness extends AsyncDisposable {
  readonly events: FakeEvents;
  readonly game: FakeGame;
  readonly time: FakeTime;
  readonly http: HttpServer;
  readonly tcp: TcpServer;
  readonly port: number;
  readonly openTcp: (key: string) => Promise<EventClient>;
  readonly openWebSocket: (key: string) => Promise<EventClient>;
}

/** Callers by key. */
export const callers: Readonly<Record<string, Principal>> = {
  server: principal(),
  viewer: principal({ subject: 'key:viewer', roles: ['viewer'] }),
  operator: principal({ subject: 'key:operator', roles: ['operator'] }),
  nobody: principal({ subject: 'key:nobody', roles: [] }),
  elsewhere: principal({ subject: 'key:elsewhere', games: ['other'] }),
  scoped: principal({ subject: 'key:scoped', operations: ['player.get'] }),
  player42: principal({ subject: 'fake:player:42', kind: 'player', roles: ['player'], playerId: 42n, sessionId: 'fake:1' }),
  expiring: principal({ subject: 'key:expiring', expiresAt: 1_700_000_020_000 }),
};

async function identifyKey(key: string | null): Promise<Principal> {
  const caller = callers[key ?? ''];
  if (caller === undefined) throw new MidgardError('credentialInvalid', 'no such key');
  return caller;
}

const authenticator: Authenticator = {
  fromHello: (auth) => identifyKey(auth.kind === 'apiKey' ? auth.key : null),
  fromHttp: (headers) => identifyKey(headers.get('x-api-key')),
};

/** What a test may set. */
export interface EventSetup {
  readonly hub?: EventHubOptions;
  readonly webSocket?: Partial<WebSocketOptions>;
  readonly revocations?: DispatcherOptions['revocations'];
  readonly http?: Partial<HttpServerOptions>;
}

/** Starts them on free ports. */
export async function startEvents({ hub, webSocket, revocations, http: httpOptions }: EventSetup = {}): Promise<EventHarness> {
  const time = new FakeTime();
  const game = new OwnedGame();
  const events = new FakeEvents();
  game.events = events;
  const router = new GameRouter();
  router.add(game);
  const eventHub = new EventHub({ timers: time, ...hub });
  const dispatcher = new Dispatcher({ router, clock: time, events: eventHub, rateLimits: {}, ...(revocations !== undefined && { revocations }) });
  const http = new HttpServer({
    dispatcher,
    authenticator,
    version: '0.0.1',
    clock: time,
    webSocket: { ticketKey: Buffer.alloc(32, 7), timers: time, ...(webSocket !== undefined && { options: webSocket }) },
    ...httpOptions,
  });
  const tcp = new TcpServer({ dispatcher, authenticator, options: { port: 0 }, clock: time, timers: time });
  const [{ port }, { port: tcpPort }] = [await http.start(), await tcp.start()];
  const clients: EventClient[] = [];
  const kept = <C extends EventClient>(client: C): C => {
    clients.push(client);
    return client;
  };
  return {
    events,
    game,
    time,
    http,
    tcp,
    port,
    openTcp: async (key) => kept(await TcpEventClient.open(tcpPort, key)),
    openWebSocket: async (key) => kept(await SocketClient.open(`ws://127.0.0.1:${port}/api/v1/events`, { 'X-API-Key': key })),
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.close();
      const stopped = tcp.stop({ graceMs: 0 });
      await http.stop({ graceMs: 0 });
      await until(() => {
        time.advance(1000);
        return tcp.connections === 0;
      });
      await stopped;
    },
  };
}

/** The TCP client of the tests, as one of events. */
class TcpEventClient implements EventClient {
  readonly heard: Record<string, unknown>[] = [];
  readonly ended: Promise<number>;
  readonly #client: TestClient;
  readonly #answers = new Map<number, (outcome: Outcome) => void>();
  #lastId = 0;

  private constructor(client: TestClient) {
    this.#client = client;
    this.ended = this.#read();
  }

  static async open(port: number, key: string): Promise<TcpEventClient> {
    const client = await TestClient.open(port);
    await client.hello({ auth: { kind: 'apiKey', key } });
    return new TcpEventClient(client);
  }

  call(operation: string, input: unknown, game = 'midgard'): Promise<Outcome> {
    const code = { subscribe: 2, unsubscribe: 3, 'player.update': 3 }[operation] ?? 1;
    this.#lastId += 1;
    this.#client.request(this.#lastId, code, input, { game: game === 'midgard' ? 0 : 7 });
    return new Promise((resolve) => this.#answers.set(this.#lastId, resolve));
  }

  pause(): void {
    this.#client.socket.pause();
  }

  resume(): void {
    this.#client.socket.resume();
  }

  close(): void {
    this.#client.close();
  }

  async #read(): Promise<number> {
    let last = 0;
    for (let frame = await this.#client.next(); frame !== null; frame = await this.#client.next()) {
      const { kind, requestId, body } = frame;
      const record = { ...(typeof body === 'object' && body !== null && body) };
      if (kind === Kind.push) this.heard.push(record);
      else if (kind === Kind.goodbye || requestId === 0) last = Number(fieldOf(body, 'code'));
      else this.#answers.get(requestId)?.(kind === Kind.error ? { error: fieldOf(body, 'code') } : { ok: body });
    }
    return last;
  }
}

/** A client over WebSocket. */
export class SocketClient implements EventClient {
  readonly heard: Record<string, unknown>[] = [];
  readonly goodbyes: unknown[] = [];
  readonly ended: Promise<number>;
  readonly socket: WebSocket;
  readonly #answers = new Map<number, (outcome: Outcome) => void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.ended = new Promise((resolve) => socket.once('close', (code: number) => resolve(code)));
    socket.on('message', (data: Buffer) => this.#take(JSON.parse(data.toString())));
  }

  /** @throws the status where it was refused */
  static async open(url: string, headers: Record<string, string> = {}): Promise<SocketClient> {
    const socket = new WebSocket(url, { headers, perMessageDeflate: true });
    const client = new SocketClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('unexpected-response', (_request, response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => reject(Object.assign(new Error('refused'), { problem: JSON.parse(Buffer.concat(chunks).toString()) })));
      });
      socket.once('error', reject);
    });
    // Later ones are followed by 'close'.
    socket.on('error', () => undefined);
    return client;
  }

  call(operation: string, input: unknown, game = 'midgard'): Promise<Outcome> {
    this.#lastId += 1;
    const id = this.#lastId;
    this.socket.send(JSON.stringify({ id, game, operation, input }));
    return new Promise((resolve) => this.#answers.set(id, resolve));
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  close(): void {
    this.socket.terminate();
  }

  #take(message: Record<string, unknown>): void {
    const { id, ok, error, event, gap, goodbye } = message;
    if (event !== undefined) this.heard.push({ ...Object(event) });
    else if (gap !== undefined) this.heard.push({ ...Object(gap) });
    else if (goodbye !== undefined) this.goodbyes.push(fieldOf(goodbye, 'code'));
    else this.#answers.get(Number(id))?.(error === undefined ? { ok } : { error: fieldOf(error, 'code') });
  }
}

/** Lets what was said come to the other side: loopback takes a few turns. */
export async function settled(isTrue: () => boolean): Promise<void> {
  await until(isTrue);
  for (let turns = 0; turns < 3; turns += 1) await turn();
}
