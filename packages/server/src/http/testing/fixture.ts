import type { Principal, Role } from '@midgard/auth';
import { MidgardError } from '@midgard/errors';
import { onTestFinished } from 'vitest';
import type { Authenticator } from '../../authenticator.ts';
import { Dispatcher } from '../../dispatcher.ts';
import { GameRouter } from '../../router.ts';
import type { HttpServerOptions } from '../http-server.ts';
import { HttpServer } from '../http-server.ts';
import { FakeGame } from './fake-game.ts';

/** An answer with its body read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined where it is none. */
  readonly body: Record<string, unknown>;
}

/** A running server with a fake game, and a way to ask it. */
export interface Fixture {
  readonly game: FakeGame;
  readonly server: HttpServer;
  readonly router: GameRouter;
  readonly port: number;
  readonly base: string;
  /** Asks below `/api/v1/games/fake` unless the path begins with two slashes; as a game server unless headers say otherwise. */
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>;
  stop(): Promise<void>;
}

/** What a request has besides its method and path. */
export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, text and bytes as they are with the type of JSON. */
  readonly body?: unknown;
}

const keys: Readonly<Record<string, readonly Role[]>> = { server: ['game-server'], viewer: ['viewer'], admin: ['admin'], none: [] };

/** Knows `X-API-Key: server | viewer | admin | none`, and a token `expired`. */
export const fakeAuthenticator: Authenticator = {
  fromHello: async () => Promise.reject(new MidgardError('notAuthenticated', '')),
  async fromHttp(headers) {
    if (headers.get('authorization') === 'Bearer expired') throw new MidgardError('tokenExpired', 'expired');
    const roles = keys[headers.get('x-api-key') ?? ''];
    if (roles === undefined) throw new MidgardError('notAuthenticated', 'who are you?');
    const principal: Principal = { subject: 'test', kind: 'apiKey', roles, games: '*', playerId: null, expiresAt: null, issuedAt: null, sessionId: null };
    return principal;
  },
};

/** Starts a server on a free port that ends with the test that it is called in. */
export async function fixtureOfTest(options: Partial<HttpServerOptions> = {}): Promise<Fixture> {
  const fixture = await startFixture(options);
  onTestFinished(() => fixture.stop());
  return fixture;
}

/** Starts a server on a free port. */
export async function startFixture(options: Partial<HttpServerOptions> = {}): Promise<Fixture> {
  const game = new FakeGame();
  const router = new GameRouter();
  router.add(game);
  const server = new HttpServer({
    dispatcher: new Dispatcher({ router, ...(options.metrics !== undefined && { metrics: options.metrics }) }),
    authenticator: fakeAuthenticator,
    version: '0.0.1',
    ...options,
  });
  const { port } = await server.start();
  const base = `http://127.0.0.1:${port}`;
  return {
    game,
    server,
    router,
    port,
    base,
    ask: (method, path, ask) => send(path.startsWith('//') ? base + path.slice(1) : `${base}/api/v1/games/fake${path}`, method, ask),
    stop: () => server.stop({ graceMs: 0 }),
  };
}

async function send(url: string, method: string, { headers = {}, body }: AskOptions = {}): Promise<Answer> {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  const response = await fetch(url, {
    method,
    // An Authorization header takes the place of the key: both together are refused.
    headers: { ...(!('Authorization' in headers) && { 'X-API-Key': 'server' }), ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: isRaw ? Buffer.from(body) : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : {} };
}
