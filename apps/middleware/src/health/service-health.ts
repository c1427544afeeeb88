import type { Coherence } from '@midgard/cache';
import type { Database } from '@midgard/dao';
import type { GameRuntime } from '@midgard/game-kit';
import {
  type Check,
  type CheckResult,
  diskCheck,
  type EventLoopGauge,
  eventLoopCheck,
  eventLoopGauge,
  HealthMonitor,
  levelCheck,
  memoryCheck,
  pingCheck,
} from '@midgard/health';
import type { Logger } from '@midgard/logging';
import type { Registry } from '@midgard/metrics';
import type { CacheWarmUp } from '../cache/cache-warm-up.ts';
import type { Config } from '../config-schema.ts';
import type { Seat } from '../processes/seat.ts';

/** What {@link ServiceHealth} watches, and whom it tells. */
export interface ServiceHealthParts {
  readonly config: Pick<Config, 'cache' | 'health' | 'dataDir'>;
  readonly databases: ReadonlyMap<string, Pick<Database, 'ping' | 'servers'>>;
  readonly coherence: Pick<Coherence, 'state'>;
  readonly warmUp: Pick<CacheWarmUp, 'isReady'>;
  readonly runtimes: readonly Pick<GameRuntime, 'handler' | 'writeBehindFigures'>[];
  readonly registry: Registry;
  readonly log: Logger;
  /** Among several workers; undefined: the process serves alone. */
  readonly seat?: Pick<Seat, 'workers'> | undefined;
}

/** An outage of a database is to be seen within seconds, and a blip is none. */
const ofDatabase = { kind: 'database', isCritical: true, ttlMs: 1000, fall: 2 } as const;
/** What changes its state at once, and says so itself, needs no second look. */
const atOnce = { ttlMs: 500, fall: 1, rise: 1 } as const;
const statuses = ['up', 'degraded', 'down', 'unknown'] as const;

/**
 * How the parts of the service fare: each database, its replicas, Redis, write-behind, disk, event loop, memory, and what games look after
 * themselves. Ready when every database answers and what must be warm is: a Redis that is away is told of, and no more, since reads and
 * writes go on without it, and instances that are taken out for its sake would leave nobody.
 */
export class ServiceHealth implements Disposable {
  readonly monitor: HealthMonitor;
  readonly #gauge: EventLoopGauge = eventLoopGauge();

  constructor(parts: ServiceHealthParts) {
    const { registry, log } = parts;
    this.monitor = new HealthMonitor({
      changed: ({ name, from, to, reason, details }) => {
        const fields = { component: name, from, to, reason, details };
        // That all is well at the start is what everybody expects.
        if (to === 'up' && from === 'unknown') log.debug(fields, 'a component is well');
        else if (to === 'up') log.info(fields, 'a component is well');
        else log.warn(fields, 'a component is not well');
      },
    });
    this.#registerProcess(parts);
    for (const [name, database] of parts.databases) this.#registerDatabase(name, database);
    this.#registerCache(parts);
    for (const runtime of parts.runtimes) this.#registerGame(runtime);
    showStatuses(registry, this.monitor);
    this.monitor.start();
  }

  [Symbol.dispose](): void {
    this.monitor.stop();
    this.#gauge.close();
  }

  #registerProcess({ config: { health, dataDir }, seat }: ServiceHealthParts): void {
    const { diskDegradedBelow: degradedBelow, diskDownBelow: downBelow } = health;
    const ttlMs = 10_000;
    this.monitor.register({ name: 'disk', kind: 'disk', ttlMs, check: diskCheck({ path: dataDir, degradedBelow, downBelow }) });
    this.monitor.register({
      name: 'event-loop',
      kind: 'process',
      check: this.#afterTheStart(eventLoopCheck(this.#gauge, { degradedDelayMs: health.eventLoopDegradedMs })),
    });
    this.monitor.register({ name: 'memory', kind: 'process', ttlMs, check: memoryCheck() });
    if (seat !== undefined) this.monitor.register({ name: 'workers', kind: 'process', ...atOnce, check: () => workersResult(seat.workers()) });
  }

  /** Starting keeps the loop busy, and is over: the first reading is thrown away. */
  #afterTheStart(check: Check): Check {
    let isFirst = true;
    return (signal) => {
      if (!isFirst) return check(signal);
      isFirst = false;
      this.#gauge.read();
      return { status: 'up' };
    };
  }

  #registerDatabase(name: string, database: Pick<Database, 'ping' | 'servers'>): void {
    this.monitor.register({ ...ofDatabase, name, check: pingCheck(() => database.ping()) });
    const replicas = database.servers().filter(({ role }) => role === 'replica').length;
    // By number: whoever may see readiness need not see hosts.
    for (let at = 0; at < replicas; at += 1)
      this.monitor.register({ name: `${name}:replica-${at + 1}`, kind: 'replica', ...atOnce, check: () => replicaResult(database, at) });
  }

  #registerCache({ config, coherence, warmUp }: ServiceHealthParts): void {
    if (config.cache.redis.url !== undefined)
      this.monitor.register({
        name: 'redis',
        kind: 'redis',
        ...atOnce,
        check: () => (coherence.state === 'joined' ? { status: 'up' } : { status: 'degraded', reason: 'away' }),
      });
    if (!warmUp.isReady)
      this.monitor.register({
        name: 'cache-warm-up',
        kind: 'cache',
        isCritical: true,
        ...atOnce,
        check: () => (warmUp.isReady ? { status: 'up' } : { status: 'down', reason: 'warming-up' }),
      });
  }

  #registerGame(runtime: ServiceHealthParts['runtimes'][number]): void {
    const { manifest, health = {} } = runtime.handler;
    const { id } = manifest;
    if (runtime.writeBehindFigures() !== undefined) {
      const read = (): number => runtime.writeBehindFigures()?.oldestMs ?? 0;
      this.monitor.register({ name: `${id}:write-behind`, kind: 'queue', check: levelCheck({ name: 'oldestMs', read, degradedAt: 10_000, downAt: 60_000 }) });
    }
    for (const [name, check] of Object.entries(health))
      this.monitor.register({ name: `${id}:${name}`, kind: 'game', check: async (signal) => ({ status: (await check(signal)) ?? 'up' }) });
  }
}

/** The others go on while one is started again. */
function workersResult({ serving, of }: ReturnType<Seat['workers']>): CheckResult {
  const details = { serving, of };
  return serving === of ? { status: 'up', details } : { status: 'degraded', reason: 'restarting', details };
}

function replicaResult(database: Pick<Database, 'servers'>, at: number): CheckResult {
  const replica = database.servers().filter(({ role }) => role === 'replica')[at];
  if (replica === undefined) return { status: 'down', reason: 'gone' };
  const details = replica.lagMs === undefined ? {} : { lagMs: replica.lagMs };
  return replica.state === 'serving' ? { status: 'up', details } : { status: 'degraded', reason: replica.state, details };
}

function showStatuses(registry: Registry, monitor: HealthMonitor): void {
  const gauge = registry.gauge({
    name: 'midgard_component_status',
    help: 'How a component fares: 1 for the status that it has',
    labels: ['component', 'kind', 'status'],
  });
  registry.onCollect(() => {
    for (const { name, kind, status } of monitor.snapshot())
      for (const each of statuses) gauge.labels({ component: name, kind, status: each }).set(Number(each === status));
  });
}
