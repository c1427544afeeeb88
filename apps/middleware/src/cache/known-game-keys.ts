import { KnownKeys } from '@midgard/cache';
import type { Database, Entity } from '@midgard/dao';
import type { GameHandler } from '@midgard/game-kit';
import type { Logger } from '@midgard/logging';
import type { Registry } from '@midgard/metrics';
import type { CacheConfig } from './cache-schema.ts';

/** Keys in one page of the database. */
const pageKeys = 1000;
/** What the filter is made for at first; after the first fill it is known. */
const expectedKeys = 100_000;

/** What the keys of a game's entities are read from. */
export interface KeyedGame {
  readonly handler: Pick<GameHandler, 'manifest' | 'entities'>;
  readonly database: Pick<Database, 'read'>;
}

/** For each entity that the configuration says: which keys certainly do not exist, so that asking for them does not reach the database. */
export class KnownGameKeys implements Disposable {
  readonly #config: CacheConfig['entities'];
  readonly #log: Logger;
  readonly #all: { readonly game: string; readonly entity: string; readonly keys: KnownKeys<string> }[] = [];

  /** @param registry where it shows how many keys it knows */
  constructor(config: CacheConfig['entities'], registry: Registry, log: Logger) {
    this.#config = config;
    this.#log = log;
    const known = registry.gauge({
      name: 'midgard_cache_known_keys',
      help: 'Keys that exist, where absent ones are refused; else 0',
      labels: ['game', 'entity'],
    });
    registry.onCollect(() => {
      for (const { game, entity, keys } of this.#all) known.labels({ game, entity }).set(keys.size);
    });
  }

  /** Reads the keys, and goes on when they have been read; again whenever writes of others may have been missed. */
  fill(): void {
    for (const { keys } of this.#all) keys.fill();
  }

  /**
   * The filter of an entity's keys.
   *
   * @returns undefined where the configuration wants none, or where its rows are not kept under their own key
   */
  of({ handler: { manifest, entities }, database }: KeyedGame, name: string): KnownKeys<string> | undefined {
    const settings = this.#config[name];
    const entity = entities.find((each) => each.name === name);
    if (settings === undefined || settings === false || settings.knownKeys !== true || entity === undefined || entity.key.length !== 1) return undefined;
    const log = this.#log.child({ game: manifest.id, entity: name });
    const keys = new KnownKeys<string>({
      expectedKeys,
      source: (signal) => keysOf(database, entity, signal),
      listener: {
        filled: ({ keys: count, tookMs, isSaturated }) =>
          log.info({ keys: count, tookMs: Math.round(tookMs), isSaturated }, 'absent keys are refused without the database'),
        fillFailed: ({ error, retryInMs }) =>
          log.warn({ err: error, retryInMs: Math.round(retryInMs) }, 'keys could not be read; absent ones reach the database'),
      },
    });
    this.#all.push({ game: manifest.id, entity: name, keys });
    return keys;
  }

  [Symbol.dispose](): void {
    for (const { keys } of this.#all) keys.stop();
  }
}

/** The keys of an entity's rows, in pages, as the primary has them. */
export async function* keysOf(database: Pick<Database, 'read'>, entity: Entity, signal: AbortSignal): AsyncGenerator<readonly string[]> {
  for (let cursor: string | null = null; ;) {
    const page: { readonly items: readonly object[]; readonly nextCursor: string | null } = await database.read(
      (session) => session.dao(entity).page({ limit: pageKeys, cursor }),
      { freshness: 'newest', signal },
    );
    yield page.items.map((row) => String(Reflect.get(row, entity.cacheBy[0])));
    if (page.nextCursor === null) return;
    cursor = page.nextCursor;
  }
}
