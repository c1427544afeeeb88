import { type Logger, createLogger } from '@midgard/logging';
import { Registry } from '@midgard/metrics';
import { createAuthenticator, Dispatcher, GameRouter, HttpServer, TcpServer } from '@midgard/server';
import { openApiKeys, openHandshake, openServiceDatabase, openTokens } from './authentication.ts';
import { AdministeredGame } from './cache/administered-game.ts';
import { cacheMetrics, watchMemoryTier } from './cache/cache-metrics.ts';
import { CacheWarmUp, type WarmedGame } from './cache/cache-warm-up.ts';
import { KnownGameKeys } from './cache/known-game-keys.ts';
import { openSharedCache } from './cache/shared-cache.ts';
import { openCdnPurge } from './cdn/cdn-purge.ts';
import type { Settings } from './config.ts';
import { watchServers } from './database/connection-metrics.ts';
import { readyTables } from './database/tables.ts';
import { databaseMetrics } from './database/database-metrics.ts';
import { developmentKey } from './development-key.ts';
import { configuredGames, openGames, runtimeOf } from './games.ts';
import { Grace } from './grace.ts';
import { checkHealth } from './health.ts';
import { addressLimits } from './limits.ts';
import { watchMemory } from './memory/watch-memory.ts';
import { resolveSecrets } from './secrets.ts';
import { serviceMetrics } from './service-metrics.ts';
import { version } from './version.ts';
import { durableLogMetrics, openWriteLog, writeBehindMetrics } from './write-behind.ts';

/** The running service, as the command that started it sees it. */
export interface Service {
  readonly addresses: { readonly tcp: string; readonly http: string };
  readonly games: readonly { readonly id: string; readonly number: number; readonly shownUrl: string }[];
  /** A key to try the service with; undefined in production. */
  readonly developmentKey: string | undefined;
  readonly log: Logger;
  /** Says goodbye, answers what is in flight within the grace period, closes everything. */
  stop(): Promise<void>;
}

/**
 * Builds the service from its settings and starts it, part by part; {@link Service.stop} goes the same way back.
 * If a part fails, those before it are stopped again.
 */
export async function compose({ config, isProduction, warnings }: Settings): Promise<Service> {
  const { tcp, http } = config.server;
  const grace = new Grace(config.shutdownGraceMs);
  await using parts = new AsyncDisposableStack();

  const log = createLogger({ name: 'midgard', level: config.log.level });
  for (const warning of warnings) log.warn({}, warning);
  const registry = new Registry();
  const metrics = serviceMetrics(registry);
  parts.use(watchMemory({ memory: config.memory, registry, log, activity: metrics }));

  const secrets = await resolveSecrets(config, isProduction);
  const serviceDatabase = parts.use(await openServiceDatabase(config));
  const apiKeys = openApiKeys(serviceDatabase, secrets, isProduction);
  const tokens = await openTokens(config, secrets);
  const authenticator = createAuthenticator({ apiKeys, tokens, handshake: openHandshake(config) });

  const games = await openGames(await configuredGames(config, secrets, databaseMetrics(registry, log)));
  const databases = new Map([['service', serviceDatabase], ...games.map((game) => [game.handler.manifest.id, parts.use(game.database)] as const)]);
  watchServers(registry, databases);
  const knownKeys = parts.use(new KnownGameKeys(config.cache.entities, registry, log));
  const coherence = parts.use(await openSharedCache(config.cache, { registry, log, missed: () => knownKeys.fill() }));
  const cache = { coherence, knownKeys, listenerOf: cacheMetrics(registry) };
  const router = new GameRouter();
  const logMetrics = durableLogMetrics(registry);
  const started: WarmedGame[] = [];
  for (const game of games) {
    const writeLog = await openWriteLog(game.handler, { config, log, metrics: logMetrics });
    if (writeLog !== undefined) parts.use(writeLog);
    const runtime = runtimeOf(game, { config, tokens, log, cache, writeLog });
    await readyTables(game.database, game.tables);
    await runtime.start({ migrates: false });
    parts.defer(() => runtime.stop({ graceMs: grace.leftMs() }));
    router.add(new AdministeredGame(runtime, coherence));
    started.push({ runtime, database: game.database });
  }
  const runtimes = started.map(({ runtime }) => runtime);
  writeBehindMetrics(registry, runtimes);
  watchMemoryTier(registry, new Map(runtimes.map((runtime) => [runtime.handler.manifest.id, runtime.caches()])));
  knownKeys.fill();
  const cacheWarmUp = parts.use(new CacheWarmUp({ config, games: started, registry, log }));
  const cdn = parts.use(openCdnPurge({ config, runtimes, registry, log }));

  const dispatcher = new Dispatcher({ router, metrics, log, rateLimits: { web: config.limits.web, player: config.limits.player } });
  const limits = addressLimits(config, isProduction);
  const httpServer = new HttpServer({
    dispatcher,
    authenticator,
    version,
    metrics,
    log,
    metricsText: registry,
    publicLimit: limits.login,
    readiness: () => checkHealth(databases, coherence, cacheWarmUp),
    listen: { host: http.host, port: http.port },
    options: {
      maxBodyBytes: http.maxBodyBytes,
      requestTimeoutMs: http.requestTimeoutMs,
      ...(http.corsOrigins.length > 0 && { cors: { origins: http.corsOrigins } }),
    },
  });
  const tcpServer = new TcpServer({
    dispatcher,
    authenticator,
    metrics,
    log,
    options: { ...tcp, serverName: `midgard/${version}`, handshakeLimit: limits.handshake },
  });
  parts.defer(async () => {
    httpServer.drain();
    const graceMs = grace.leftMs();
    await Promise.all([httpServer.stop({ graceMs }), tcpServer.stop({ graceMs })]);
  });
  const httpAddress = await httpServer.start();
  const tcpAddress = await tcpServer.start();
  cdn?.start();
  cacheWarmUp.start();

  const key = isProduction ? undefined : await developmentKey(apiKeys, config.dataDir);
  const running = parts.move();
  return {
    addresses: { tcp: `${tcpAddress.host}:${tcpAddress.port}`, http: `${httpAddress.host}:${httpAddress.port}` },
    games: games.map(({ handler, shownUrl }) => ({ id: handler.manifest.id, number: handler.manifest.number, shownUrl })),
    developmentKey: key,
    log,
    stop: () => running.disposeAsync(),
  };
}
