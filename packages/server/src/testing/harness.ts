import { afterEach } from 'vitest';
import type { DispatcherOptions } from '../dispatcher-options.ts';
import { Dispatcher } from '../dispatcher.ts';
import type { ServerLog } from '../log.ts';
import { silentLog } from '../log.ts';
import type { AnsweredReads, HttpMeasure, ServerMetrics } from '../metrics.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { GameRouter } from '../router.ts';
import type { TcpOptions } from '../tcp/options.ts';
import type { TcpServerParts } from '../tcp/server.ts';
import { TcpServer } from '../tcp/server.ts';
import { FakeGame } from './fake-game.ts';
import { FakeTime } from './fake-time.ts';
import { fakeAuthenticator } from './principals.ts';
import { TestClient } from './test-client.ts';

/** Adds up what it is told. */
export class CountingMetrics implements ServerMetrics {
  opened = 0;
  closed = 0;
  handshakes: number[] = [];
  bytesIn = 0;
  framesIn = 0;
  bytesOut = 0;
  framesOut = 0;
  writes = 0;
  requests: RequestScope[] = [];
  reads: AnsweredReads[] = [];
  answers: HttpMeasure[] = [];
  failed: number[] = [];
  dropped = 0;
  clients: string[] = [];
  running = 0;

  connectionOpened(): void {
    this.opened += 1;
  }
  connectionClosed(): void {
    this.closed += 1;
  }
  handshake(code: number): void {
    this.handshakes.push(code);
  }
  httpAnswered(measure: HttpMeasure): void {
    this.answers.push(measure);
  }
  connectionFailed(code: number): void {
    this.failed.push(code);
  }
  clientJoined(kind: string): void {
    this.clients.push(kind);
  }
  clientLeft(kind: string): void {
    this.clients.splice(this.clients.indexOf(kind), 1);
  }
  answerDropped(): void {
    this.dropped += 1;
  }
  requestRuns(_transport: string, change: number): void {
    this.running += change;
  }
  received(_transport: string, bytes: number, frames: number): void {
    this.bytesIn += bytes;
    this.framesIn += frames;
  }
  sent(_transport: string, bytes: number, frames: number): void {
    this.bytesOut += bytes;
    this.framesOut += frames;
    this.writes += 1;
  }
  requestFinished(request: RequestScope): void {
    this.requests.push(request);
  }
  readsAnswered(reads: AnsweredReads): void {
    this.reads.push(reads);
  }
}

/** A log whose error lines can be read. */
export function recordingLog(): ServerLog & { readonly errors: string[] } {
  const errors: string[] = [];
  return { ...silentLog, errors, error: (_fields, message) => errors.push(message) };
}

/** A running server with everything that a test may look at. */
export interface Harness {
  readonly server: TcpServer;
  readonly game: FakeGame;
  readonly router: GameRouter;
  readonly time: FakeTime;
  readonly metrics: CountingMetrics;
  readonly log: ReturnType<typeof recordingLog>;
  readonly port: number;
  /** A connection before its hello. */
  readonly connect: () => Promise<TestClient>;
  /** A connection behind its welcome. */
  readonly open: (hello?: Record<string, unknown>) => Promise<TestClient>;
}

type Setup = Partial<TcpOptions> &
  Pick<DispatcherOptions, 'rateLimits' | 'revocations' | 'tracing' | 'shedding' | 'backlog'> &
  Partial<Pick<TcpServerParts, 'tls' | 'connectionLimit' | 'authenticator' | 'clock'>>;

const running: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((stop) => stop()));
});

/** Starts a server on a free port; it and its clients are gone after the test. */
export async function start({
  rateLimits,
  revocations,
  backlog,
  tracing,
  shedding,
  tls,
  connectionLimit,
  authenticator = fakeAuthenticator,
  clock,
  ...options
}: Setup = {}): Promise<Harness> {
  const time = new FakeTime();
  const metrics = new CountingMetrics();
  const log = recordingLog();
  const game = new FakeGame();
  const router = new GameRouter();
  router.add(game);
  const limits = {
    ...(rateLimits !== undefined && { rateLimits }),
    ...(revocations !== undefined && { revocations }),
    ...(backlog !== undefined && { backlog }),
  };
  const dispatcher = new Dispatcher({ router, metrics, log, clock: time, tracing, shedding, ...limits });
  const given = { ...(tls !== undefined && { tls }), ...(connectionLimit !== undefined && { connectionLimit }) };
  const server = new TcpServer({
    dispatcher,
    authenticator,
    options: { port: 0, ...options },
    clock: clock ?? time,
    timers: time,
    metrics,
    log,
    ...given,
  });
  const { port } = await server.start();
  const clients: TestClient[] = [];
  running.push(async () => {
    for (const client of clients) client.close();
    const stopped = server.stop({ graceMs: 0 });
    await until(() => {
      time.advance(1000);
      return server.connections === 0;
    });
    await stopped;
  });
  const connect = async (): Promise<TestClient> => {
    const client = await TestClient.open(port);
    clients.push(client);
    return client;
  };
  const open = async (hello?: Record<string, unknown>): Promise<TestClient> => {
    const client = await connect();
    await client.hello(hello);
    return client;
  };
  return { server, game, router, time, metrics, log, port, connect, open };
}

/** Waits, turn by turn of the event loop and without a time limit of its own, until something has come true. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await turn();
}

/** Lets the event loop go round once. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
