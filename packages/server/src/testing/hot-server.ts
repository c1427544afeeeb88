import type { Principal } from '@midgard/auth';
import { defineGame, type GameHandler, standardEntities, standardOperations } from '@midgard/game-kit';
import { openGame, type OpenGame, service } from '@midgard/game-kit/testing';
import { onTestFinished } from 'vitest';
import type { Authenticator } from '../authenticator.ts';
import { Dispatcher } from '../dispatcher.ts';
import type { DispatcherOptions } from '../dispatcher-options.ts';
import { GameRouter } from '../router.ts';
import type { TcpOptions } from '../tcp/options.ts';
import { TcpServer } from '../tcp/server.ts';
import { CountingMetrics } from './harness.ts';
import { TestClient } from './test-client.ts';

/** The standard game. */
export const plainGame: GameHandler = defineGame({
  manifest: { id: 'plain', number: 3, version: '1.0.0', title: 'Plain' },
  entities: [...standardEntities],
  operations: [...standardOperations()],
});

/** A server over a real game whose clock stands still, and what it told of. */
export interface HotServer {
  readonly open: OpenGame;
  readonly router: GameRouter;
  readonly metrics: CountingMetrics;
  readonly server: TcpServer;
  /** A connection behind its welcome. */
  connect(hello?: Record<string, unknown>): Promise<TestClient>;
  /** How many requests were answered on the hot way. */
  hot(): number;
}

type Setup = Partial<Omit<DispatcherOptions, 'router' | 'metrics' | 'clock'>> & {
  readonly open?: OpenGame;
  readonly tcp?: Partial<TcpOptions>;
  /** Who speaks, by the key of the hello. Default: a service. */
  readonly callers?: Readonly<Record<string, Principal>>;
};

/** Serves a game over TCP until the test is over. */
export async function serveHot({ open: given, tcp = {}, callers = {}, ...options }: Setup = {}): Promise<HotServer> {
  const open = given ?? (await openGame(plainGame));
  const router = new GameRouter();
  router.add(open.runtime);
  const metrics = new CountingMetrics();
  const authenticator: Authenticator = {
    fromHello: async (auth) => (auth.kind === 'apiKey' ? (callers[auth.key] ?? service) : service),
    fromHttp: async () => service,
  };
  const dispatcher = new Dispatcher({ router, metrics, clock: open.clock, ...options });
  const server = new TcpServer({ dispatcher, authenticator, metrics, clock: open.clock, options: { port: 0, ...tcp } });
  const { port } = await server.start();
  const clients: TestClient[] = [];
  onTestFinished(async () => {
    for (const client of clients) client.close();
    await server.stop({ graceMs: 0 });
    if (given === undefined) await open[Symbol.asyncDispose]();
  });
  const connect = async (hello: Record<string, unknown> = {}): Promise<TestClient> => {
    const client = await TestClient.open(port);
    clients.push(client);
    await client.hello(hello);
    return client;
  };
  return { open, router, metrics, server, connect, hot: () => metrics.reads.reduce((sum, { count }) => sum + count, 0) };
}
