import { Agent, request } from 'node:http';
import type { Principal } from '@midgard/auth';
import { MidgardError } from '@midgard/errors';
import { openGame, type OpenGame, service } from '@midgard/game-kit/testing';
import { onTestFinished } from 'vitest';
import type { Authenticator } from '../authenticator.ts';
import { Dispatcher } from '../dispatcher.ts';
import type { DispatcherOptions } from '../dispatcher-options.ts';
import type { HttpDependencies } from '../http/dependencies.ts';
import { HttpServer, type HttpServerOptions } from '../http/http-server.ts';
import { GameRouter } from '../router.ts';
import { CountingMetrics } from './harness.ts';
import { plainGame } from './hot-server.ts';

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Names as they were written, and values; without the date and the request id, in order of their names. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly requestId: string | undefined;
  /** Whether the request was answered without Hono. */
  readonly isHot: boolean;
}

/** A server over a real game whose clock stands still. */
export interface HotHttp {
  readonly open: OpenGame;
  readonly router: GameRouter;
  readonly metrics: CountingMetrics;
  readonly server: HttpServer;
  readonly port: number;
  /** Asks below the path of the game, on a connection that is kept; with the key `service` unless headers say otherwise. */
  ask(path: string, headers?: Readonly<Record<string, string | readonly string[]>>, method?: string): Promise<RawAnswer>;
  /** How many requests were answered on the hot way. */
  hot(): number;
}

type Setup = Partial<Omit<DispatcherOptions, 'router' | 'metrics' | 'clock'>> &
  Partial<Pick<HttpServerOptions, 'authenticator' | 'failureLimit' | 'publicLimit'>> & {
    readonly open?: OpenGame;
    readonly http?: HttpDependencies['options'];
    /** Who speaks, by the key that they show. */
    readonly callers?: Readonly<Record<string, Principal>>;
  };

/** Knows callers by their keys, and remembers all of them. */
function authenticatorOf(callers: Readonly<Record<string, Principal>>): Authenticator {
  return {
    fromHello: async () => service,
    fromHttp: async (headers) => {
      const caller = callers[headers.get('x-api-key') ?? ''];
      if (caller === undefined) throw new MidgardError('credentialInvalid', 'who are you?');
      return caller;
    },
    recallHttp: (header, value) => (header === 'x-api-key' ? callers[value] : undefined),
    recallsStill: (principal) => Object.values(callers).includes(principal),
  };
}

/** Serves a game over HTTP until the test is over. */
export async function serveHotHttp({
  open: given,
  http = {},
  callers = {},
  authenticator,
  failureLimit,
  publicLimit,
  ...options
}: Setup = {}): Promise<HotHttp> {
  const open = given ?? (await openGame(plainGame));
  const router = new GameRouter();
  router.add(open.runtime);
  const metrics = new CountingMetrics();
  const server = new HttpServer({
    dispatcher: new Dispatcher({ router, metrics, clock: open.clock, ...options }),
    authenticator: authenticator ?? authenticatorOf({ service, ...callers }),
    version: '1.0.0',
    clock: open.clock,
    metrics,
    options: http,
    ...(failureLimit && { failureLimit }),
    ...(publicLimit && { publicLimit }),
  });
  const { port } = await server.start();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(async () => {
    agent.destroy();
    await server.stop({ graceMs: 0 });
    if (given === undefined) await open[Symbol.asyncDispose]();
  });
  const hot = (): number => metrics.reads.reduce((sum, { count }) => sum + count, 0);
  const ask: HotHttp['ask'] = async (path, headers = {}, method = 'GET') => {
    const before = hot();
    const isKnown = 'X-API-Key' in headers || 'Authorization' in headers;
    const answer = await send({ agent, port, method, path: `/api/v1/games/plain${path}` }, { ...(!isKnown && { 'X-API-Key': 'service' }), ...headers });
    return { ...answer, isHot: hot() > before };
  };
  return { open, router, metrics, server, port, ask, hot };
}

type Target = Readonly<{ agent: Agent; port: number; method: string; path: string }>;

async function send(target: Target, headers: Readonly<Record<string, string | readonly string[]>>): Promise<Omit<RawAnswer, 'isHot'>> {
  const { promise, resolve, reject } = Promise.withResolvers<Omit<RawAnswer, 'isHot'>>();
  const lists = Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]] as const);
  const sent = request({ ...target, host: '127.0.0.1', headers: { Host: 'x', ...Object.fromEntries(lists) } }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
    response.on('end', () => {
      const pairs = Array.from({ length: response.rawHeaders.length / 2 }, (_, at) => response.rawHeaders.slice(2 * at, 2 * at + 2).join(': '));
      const kept = pairs.filter((pair) => !/^(?:date|x-request-id): /i.test(pair)).toSorted();
      const requestId = response.headers['x-request-id'];
      resolve({
        status: response.statusCode ?? 0,
        headers: kept,
        body: Buffer.concat(chunks),
        requestId: typeof requestId === 'string' ? requestId : undefined,
      });
    });
  });
  sent.on('error', reject);
  sent.end();
  return promise;
}
