import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { HotKeys, warmUp } from '@midgard/cache';
import type { Database } from '@midgard/dao';
import { entryParts, type GameRuntime, type Principal } from '@midgard/game-kit';
import type { Logger } from '@midgard/logging';
import type { Registry } from '@midgard/metrics';
import type { Config } from '../config-schema.ts';
import { type KeyedRead, keyedRead } from './keyed-read.ts';
import { keysOf } from './known-game-keys.ts';

/** Above this share of the event loop's time the service has better things to do. */
const busyShare = 0.7;

/** Whose reads these are. */
const warmUpCaller: Principal = {
  subject: 'midgard:warm-up',
  kind: 'service',
  roles: ['admin'],
  games: '*',
  playerId: null,
  expiresAt: null,
  issuedAt: null,
  sessionId: null,
};

/** A game that is warmed. */
export interface WarmedGame {
  readonly runtime: GameRuntime;
  readonly database: Pick<Database, 'read'>;
}

/** What {@link CacheWarmUp} works with. */
export interface CacheWarmUpParts {
  readonly config: Pick<Config, 'cache' | 'dataDir' | 'instance'>;
  readonly games: readonly WarmedGame[];
  readonly registry: Registry;
  readonly log: Logger;
}

/** Loads, when the service starts, what its last run used most, and then what the configuration names; and remembers what this run uses most. */
export class CacheWarmUp implements AsyncDisposable {
  readonly #parts: CacheWarmUpParts;
  readonly #hotKeys: HotKeys;
  readonly #abort = new AbortController();
  readonly #done = { warmed: 0, failed: 0 };
  #running: Promise<void> | undefined;
  #isWarm = false;

  constructor(parts: CacheWarmUpParts) {
    const { config, games, registry, log } = parts;
    this.#parts = parts;
    this.#hotKeys = new HotKeys({
      caches: new Map(
        games.flatMap(({ runtime }) => [...runtime.caches()].map(([entity, cache]) => [`${runtime.handler.manifest.id}:${entity}`, cache] as const)),
      ),
      file: path.join(config.dataDir, 'cache', `hot-keys-${config.instance}.json`),
      most: config.cache.warmUp.hotKeys,
      onError: (error) => log.warn({ err: error }, 'the hottest keys could not be written down: the next start is colder'),
    });
    const keys = registry.gauge({
      name: 'midgard_cache_warm_up_keys',
      help: 'Keys that the warm-up at the start has loaded, and those that it could not',
      labels: ['result'],
    });
    registry.onCollect(() => {
      keys.labels({ result: 'warmed' }).set(this.#done.warmed);
      keys.labels({ result: 'failed' }).set(this.#done.failed);
    });
  }

  /** Whether the service may say that it is ready: the configuration decides whether that waits for the end of the warm-up. */
  get isReady(): boolean {
    return this.#isWarm || !this.#parts.config.cache.warmUp.readinessWaits;
  }

  /** Begins; the service serves meanwhile. */
  start(): void {
    this.#running ??= this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#running;
    await this.#hotKeys.stop();
  }

  async #run(): Promise<void> {
    const { config, log } = this.#parts;
    const remembered = await this.#hotKeys.start();
    const { isComplete, ...done } = await warmUp({
      keys: this.#pages(remembered),
      load: (reads) => this.#load(reads),
      keysPerSecond: config.cache.warmUp.keysPerSecond,
      isBusy: loopWatch(),
      signal: this.#abort.signal,
    });
    this.#isWarm = true;
    if (done.warmed + done.failed > 0) log.info({ ...this.#done, isComplete }, 'the cache is warm');
  }

  /** Reads that fail, as of rows that were deleted since, are counted; the others of their batch count as well. */
  async #load(reads: readonly KeyedRead[]): Promise<void> {
    const outcomes = await Promise.allSettled(reads.map(({ runtime, operation, input }) => runtime.execute({ operation, input, caller: warmUpCaller })));
    const failed = outcomes.filter(({ status }) => status === 'rejected').length;
    this.#done.failed += failed;
    this.#done.warmed += reads.length - failed;
  }

  async *#pages(remembered: ReadonlyMap<string, readonly string[]>): AsyncGenerator<readonly KeyedRead[]> {
    for (const { runtime } of this.#parts.games) {
      for (const entity of runtime.caches().keys()) yield hotReads(runtime, remembered.get(`${runtime.handler.manifest.id}:${entity}`) ?? []);
    }
    for (const { runtime, database } of this.#parts.games) {
      for (const entity of runtime.handler.entities) {
        const settings = this.#parts.config.cache.entities[entity.name];
        if (settings === undefined || settings === false || settings.warmUp !== 'all' || entity.key.length !== 1) continue;
        const operations = runtime.handler.operations.filter(
          ({ cache }) => cache?.entity === entity.name && (cache.by ?? entity.cacheBy[0]) === entity.cacheBy[0],
        );
        for await (const keys of keysOf(database, entity, this.#abort.signal)) {
          yield operations.flatMap((operation) => keys.flatMap((key) => keyedRead(runtime, operation, key) ?? []));
        }
      }
    }
  }
}

/** The reads that stand behind keys of entries, which begin with the name of an operation. */
function hotReads(runtime: GameRuntime, entries: readonly string[]): readonly KeyedRead[] {
  return entries.flatMap((entry) => {
    const { operation: name, key } = entryParts(entry);
    const operation = runtime.operation(name);
    return operation?.cache === undefined ? [] : (keyedRead(runtime, operation, key) ?? []);
  });
}

/** @returns whether the event loop was busy since the last time that this was asked */
function loopWatch(): () => boolean {
  let last = performance.eventLoopUtilization();
  return () => {
    const { utilization } = performance.eventLoopUtilization(last);
    last = performance.eventLoopUtilization();
    return utilization > busyShare;
  };
}
