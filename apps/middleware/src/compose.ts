import path from 'node:path';
import { type Principal, Revocations } from '@midgard/auth';
import type { RuntimeListener } from '@midgard/game-kit';
import type { Logger } from '@midgard/logging';
import { collectProcess, Registry } from '@midgard/metrics';
import { createAuthenticator, Dispatcher, GameRouter, HttpServer, systemTimers, TcpServer } from '@midgard/server';
import { openAlerts } from './alerts/open-alerts.ts';
import { openApiKeys, openHandshake, openTokens } from './authentication.ts';
import { auditKeyring } from './audit/audit-key.ts';
import { auditOptions, ServiceAudit, serviceCheckpoints, serviceScope } from './audit/service-audit.ts';
import { AdministeredGame } from './administration/administered-game.ts';
import { KeyAdministration } from './administration/key-administration.ts';
import { cacheMetrics, watchMemoryTier } from './cache/cache-metrics.ts';
import { CacheWarmUp, type WarmedGame } from './cache/cache-warm-up.ts';
import { KnownGameKeys } from './cache/known-game-keys.ts';
import { openSharedCache } from './cache/shared-cache.ts';
import { openCdnPurge } from './cdn/cdn-purge.ts';
import type { Settings } from './config.ts';
import type { Config } from './config-schema.ts';
import { watchServers } from './database/connection-metrics.ts';
import { databaseMetrics } from './database/database-metrics.ts';
import { openServiceDatabase, serviceDatabaseName } from './database/service-database.ts';
import { readyTables } from './database/tables.ts';
import { developmentKey } from './development-key.ts';
import { followedKeys } from './encryption/followed-keys.ts';
import { openEvents, webSocketParts } from './events/open-events.ts';
import { configuredGames, openGames, runtimeOf } from './games.ts';
import type { Seat } from './processes/seat.ts';
import { type PreparedReload, prepareReload, reloadConfig } from './reload.ts';
import { reloadableRoles, rightsOf } from './rights.ts';
import { Grace } from './grace.ts';
import { healthOperations } from './health/health-operations.ts';
import { ServiceHealth } from './health/service-health.ts';
import { openLimits } from './limits/open-limits.ts';
import { activePlayers } from './measures/active-players.ts';
import { businessMetrics } from './measures/business-metrics.ts';
import { auditLines } from './logs/audit-lines.ts';
import { openLogs } from './logs/open-logs.ts';
import { withRequestLines } from './logs/request-lines.ts';
import { frontEndMetrics } from './measures/front-end-metrics.ts';
import { watchLedgers } from './measures/ledger-watch.ts';
import { watchPasswordThreads } from './measures/password-metrics.ts';
import { watchMemory } from './memory/watch-memory.ts';
import { watchBlockages } from './profiling/blockage-watch.ts';
import { HeapSnapshots } from './profiling/heap-snapshots.ts';
import { profileOperations } from './profiling/profile-operations.ts';
import { followRevokedKeys } from './revoked-api-keys.ts';
import { resolveSecrets } from './secrets.ts';
import { serviceOperations } from './service/service-operations.ts';
import { openTracing } from './tracing/open-tracing.ts';
import { keySource } from './signing-keys/key-source.ts';
import { followKeyFile, openKeyRing } from './signing-keys/open-key-ring.ts';
import { openTransport } from './transport/open-transport.ts';
import { version } from './version.ts';
import { durableLogMetrics, openWriteLog, writeBehindMetrics, writeBehindSpans } from './write-behind.ts';

/** The running service, as the command that started it sees it. */
export interface Service {
  readonly addresses: { readonly tcp: string; readonly http: string };
  readonly scheme: 'http' | 'https';
  readonly games: readonly { readonly id: string; readonly number: number; readonly shownUrl: string }[];
  /** A key to try the service with; undefined in production. */
  readonly developmentKey: string | undefined;
  readonly log: Logger;
  /** Everything that is measured. */
  readonly registry: Registry;
  /** Reads the certificates of the front ends anew, and takes up what of the configuration can change. */
  reload(read: () => Settings): Promise<void>;
  /** The same in two steps, for several workers that do it all or not at all. @throws what is wrong with the configuration */
  prepareReload(config: Config): PreparedReload;
  /** What clients reach it by. */
  readonly frontEnds: { readonly tcp: TcpServer; readonly http: HttpServer };
  /** Refuses requests of little weight, or no longer: what one worker decides for all. */
  shed(isOn: boolean): void;
  /** Does what another worker asks of the one with the jobs. */
  job(job: unknown): Promise<unknown>;
  /** Says goodbye, answers what is in flight within the grace period, closes everything. */
  stop(): Promise<void>;
}

/**
 * Builds the service from its settings and starts it, part by part; {@link Service.stop} goes the same way back.
 * If a part fails, those before it are stopped again.
 *
 * @param seat what is this worker's own where there are several; none: the process serves alone
 */
export async function compose({ config, isProduction, warnings }: Settings, seat?: Seat): Promise<Service> {
  const { tcp, http } = config.server;
  const grace = new Grace(config.shutdownGraceMs);
  await using parts = new AsyncDisposableStack();

  const registry = new Registry({ overflowed: (metric) => log.warn({ metric }, 'a metric has too many series: further ones are counted together, as other') });
  const logs = parts.use(openLogs({ config, registry, writer: seat === undefined ? undefined : `worker-${seat.worker}` }));
  const { log } = logs;
  for (const warning of warnings) log.warn({}, warning);
  parts.defer(collectProcess(registry));
  watchPasswordThreads(registry);
  const metrics = withRequestLines(frontEndMetrics(registry), logs);
  const tracing = await openTracing({ config, registry, log });
  parts.defer(() => tracing?.stop(grace.leftMs()));
  parts.use(watchMemory({ memory: config.memory, registry, log, activity: metrics }));

  if (config.profiling.blockedMs > 0) parts.use(watchBlockages({ thresholdMs: config.profiling.blockedMs, registry, log }));

  const secrets = resolveSecrets(config, isProduction);
  const listenerOf = databaseMetrics(registry, log);
  const transport = parts.use(openTransport({ config, isProduction, registry, log, workers: seat?.of }));
  const serviceDatabase = parts.use(await openServiceDatabase(config, { cursorSecret: secrets.cursorSecret, listenerOf }));
  const source = keySource(config);
  const ring = await openKeyRing(source, isProduction);
  parts.defer(followKeyFile({ source, ring, timers: systemTimers, log }));
  const revocations = new Revocations();
  parts.defer(followRevokedKeys({ database: serviceDatabase, revocations, timers: systemTimers, log }));
  const tokens = openTokens(config, ring, revocations);
  const isRevoked = (principal: Principal): boolean => revocations.isRevoked(principal) || (principal.signedBy !== undefined && !ring.has(principal.signedBy));
  const { signer } = await auditKeyring(config, isProduction);
  const copied = auditLines(logs.entries);
  const serviceAudit = ServiceAudit.ofService(config, copied(serviceScope));
  const checkpoints = serviceCheckpoints(serviceAudit, { config, database: serviceDatabase, signer, log });
  parts.defer(() => checkpoints.stop());
  const apiKeys = openApiKeys(serviceDatabase, secrets, isProduction, serviceAudit);
  const limits = parts.use(openLimits({ config, isProduction, registry, log, workers: seat?.limits }));
  const authenticator = createAuthenticator({ apiKeys, tokens, handshake: openHandshake(config, limits.nonces) });

  const games = await openGames(
    await configuredGames(config, { ...secrets, encryption: async () => followedKeys(await secrets.encryption(), tracing?.note) }, listenerOf),
  );
  const databases = new Map([[serviceDatabaseName, serviceDatabase], ...games.map((game) => [game.handler.manifest.id, parts.use(game.database)] as const)]);
  watchServers(registry, databases);
  const knownKeys = parts.use(new KnownGameKeys(config.cache.entities, registry, log));
  const { coherence, breaker } = parts.use(await openSharedCache(config.cache, { registry, log, missed: () => knownKeys.fill(), workers: seat?.bus }));
  const cache = { coherence, knownKeys, listenerOf: cacheMetrics(registry) };
  const rights = rightsOf(config);
  const keysOf = (actor: ServiceAudit) => openApiKeys(serviceDatabase, secrets, isProduction, actor);
  const keys = new KeyAdministration({ keysOf, rights, database: serviceDatabase, audit: serviceAudit });
  const router = new GameRouter();
  const logMetricsOf = durableLogMetrics(registry);
  const businessOf = businessMetrics(registry);
  const playersOf = activePlayers(registry);
  const runtimeListenerOf = (game: string): RuntimeListener => ({ ...businessOf(game), ...(tracing !== undefined && writeBehindSpans(game, tracing.note)) });
  const started: WarmedGame[] = [];
  for (const game of games) {
    const writeLog = await openWriteLog(game.handler, { config, log, metricsOf: logMetricsOf, note: tracing?.note });
    if (writeLog !== undefined) parts.use(writeLog);
    const runtime = runtimeOf(game, {
      config,
      tokens,
      revocations,
      log,
      cache,
      audit: auditOptions(config, signer, copied(game.handler.manifest.id)),
      writeLog,
      listenerOf: runtimeListenerOf,
    });
    await readyTables(game.database, game.tables);
    await runtime.start({ migrates: false });
    parts.defer(() => runtime.stop({ graceMs: grace.leftMs() }));
    router.add(new AdministeredGame(runtime, { coherence, keys, served: playersOf(game.handler.manifest.id) }));
    started.push({ runtime, database: game.database });
  }
  const runtimes = started.map(({ runtime }) => runtime);
  writeBehindMetrics(registry, runtimes);
  const books = new Map(runtimes.map((runtime) => [runtime.handler.manifest.id, runtime]));
  parts.defer(watchLedgers({ everyMs: seat?.hasJobs === false ? 0 : config.ledgers.checkEveryMs, games: books, registry, log, timers: systemTimers }));
  watchMemoryTier(registry, new Map(runtimes.map((runtime) => [runtime.handler.manifest.id, runtime.caches()])));
  knownKeys.fill();
  const cacheWarmUp = parts.use(new CacheWarmUp({ config, games: started, registry, log }));
  const cdn = parts.use(openCdnPurge({ config, runtimes, registry, log, note: tracing?.note }));

  const roles = reloadableRoles({ rights, config, database: serviceDatabase, audit: serviceAudit, log });
  const reloadable = [roles, logs.reloadable];
  const health = parts.use(new ServiceHealth({ config, databases, coherence, warmUp: cacheWarmUp, runtimes, registry, log, seat }));
  const snapshots = new HeapSnapshots({ folder: path.join(config.dataDir, 'profiles'), keep: config.profiling.keepSnapshots });
  const alerting = parts.use(await openAlerts({ config, registry, log, databases, breaker, snapshots, audit: serviceAudit, serviceDatabase, seat }));
  const dispatcher = new Dispatcher({
    service: serviceOperations([
      ...healthOperations(health.monitor),
      ...alerting.operations,
      ...profileOperations({ snapshots, audit: serviceAudit, database: serviceDatabase }),
    ]),
    shedding: alerting.shedding,
    events: openEvents(config, registry, metrics),
    rights,
    router,
    revocations: { isRevoked },
    metrics,
    tracing: tracing?.requests,
    log,
    rateLimits: limits.rateLimits,
    operationLimits: config.limits.operations,
    backlog: config.limits.backlog,
    makeLimiter: limits.makeLimiter,
  });
  const webSocket = webSocketParts(config, secrets.cursorSecret, limits.nonces);
  const httpServer = new HttpServer({
    ...(webSocket !== undefined && { webSocket }),
    dispatcher,
    authenticator,
    version,
    metrics,
    log,
    metricsText: seat?.page ?? registry,
    jwks: () => tokens.jwks(),
    publicLimit: limits.login,
    failureLimit: limits.wrongCredentials,
    readiness: () => health.monitor.ready(),
    listen: { host: http.host, port: http.port, fd: seat?.sockets.http, maxConnections: http.maxConnections, ...transport.http },
    options: {
      maxBodyBytes: http.maxBodyBytes,
      requestTimeoutMs: http.requestTimeoutMs,
      keptAnswerBytes: http.keptAnswerBytes,
      ...(transport.forwarding !== undefined && { forwarding: transport.forwarding }),
      ...(http.corsOrigins.length > 0 && { cors: { origins: http.corsOrigins } }),
    },
  });
  const tcpServer = new TcpServer({
    dispatcher,
    authenticator,
    handshakeLimiter: limits.handshake,
    metrics,
    log,
    options: { ...tcp, fd: seat?.sockets.tcp, serverName: `midgard/${version}` },
    ...transport.tcp,
  });
  parts.defer(async () => {
    health.monitor.enter('draining');
    httpServer.drain();
    const graceMs = grace.leftMs();
    await Promise.all([httpServer.stop({ graceMs }), tcpServer.stop({ graceMs })]);
  });
  const frontEnds = [tcpServer, httpServer];
  revocations.onRevoked(({ subject }) => frontEnds.forEach((each) => each.endSessions(subject, isRevoked)));
  ring.onLoss(() => frontEnds.forEach((each) => each.endSessionsWhere(isRevoked)));
  const httpAddress = await httpServer.start();
  const tcpAddress = await tcpServer.start();
  transport.follow({ tcp: tcpServer, http: httpServer });
  cdn?.start();
  cacheWarmUp.start();
  health.monitor.enter('serving');
  logs.serves();
  alerting.start();

  const key = isProduction ? undefined : await developmentKey(apiKeys, config.dataDir);
  const running = parts.move();
  return {
    addresses: { tcp: `${tcpAddress.host}:${tcpAddress.port}`, http: `${httpAddress.host}:${httpAddress.port}` },
    scheme: http.tls === undefined ? 'http' : 'https',
    games: games.map(({ handler, shownUrl }) => ({ id: handler.manifest.id, number: handler.manifest.number, shownUrl })),
    developmentKey: key,
    log,
    registry,
    reload: (read) => {
      transport.reload?.();
      return reloadConfig(read, reloadable, log);
    },
    prepareReload: (fresh) => {
      transport.reload?.();
      return prepareReload(reloadable, fresh);
    },
    frontEnds: { tcp: tcpServer, http: httpServer },
    shed: (isOn) => {
      // The one that decides has told it, and is not told back what it may have changed since.
      if (seat?.hasJobs === false) alerting.shedding.isOn = isOn;
    },
    job: (job) => alerting.job(job),
    stop: () => running.disposeAsync(),
  };
}
