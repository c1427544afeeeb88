import type { Clock } from '../clock.ts';
import type { EntryOptions } from '../tiered/entry.ts';
import type { TieredCache } from '../tiered/tiered-cache.ts';
import { trusted } from '../tiered/trusted.ts';

/** Set-up of {@link KeyvStorage}. */
export interface KeyvStorageOptions {
  /** Where the entries are. Any number of storages, each with its namespace, may share one. */
  readonly cache: TieredCache<unknown>;
  /** What sets the keys of one Keyv apart from those of others; Keyv itself sets it where it has one of its own. */
  readonly namespace?: string;
  /** What Keyv's `disconnect` does, such as closing the coherence; default nothing, since the cache may have other users. */
  readonly disconnect?: () => Promise<void>;
  /** Must be the time that Keyv goes by; default `Date`. */
  readonly clock?: Clock;
}

/** One of the entries of {@link KeyvStorage.setMany}. */
export interface KeyvEntry {
  readonly key: string;
  readonly value: unknown;
  /** Epoch milliseconds; undefined: as long as the cache's policy says. */
  readonly expires?: number | undefined;
}

/** What Keyv asks for its storage's capabilities. */
interface Capabilities {
  compatible: boolean;
  store: 'keyvStorage';
  expires: boolean;
  methods: Record<(typeof methodNames)[number], { exists: boolean; methodType: 'async' }>;
}

const methodNames = ['get', 'getMany', 'has', 'hasMany', 'set', 'setMany', 'delete', 'deleteMany', 'clear', 'disconnect', 'iterator'] as const;
/** As Keyv's own adapters do. */
const separator = '::';

/**
 * A {@link TieredCache} as the storage of a Keyv 6, so that code that knows Keyv gets its tiers and its coherence. For Keyv 5: `Keyv5Storage`.
 *
 * A cache, not a database: an entry without `expires` lives as long as the cache's policy says, none lives longer than its `maxTtlMs`, its
 * jitter shortens lives, and what is heavier than its bounds leaves early. The iterator gives what is in this process's memory. `clear`
 * drops the namespace everywhere, in one step for the shared tier. `delete` says whether there was a value, for which it must look.
 * Errors of the shared tier never reach Keyv, so this emits none of the events that Keyv would listen to: see the cache's listener.
 *
 * @example
 * ```ts
 * import { TieredCache } from '@midgard/cache';
 * import { KeyvStorage } from '@midgard/cache/keyv';
 *
 * const cache = new TieredCache<unknown>({ space: 'keyv', memory: { maxEntries: 10_000 } });
 * const storage = new KeyvStorage({ cache }); // new Keyv({ store: storage, namespace: 'players' })
 * await storage.set('42', 'Mira', Date.now() + 60_000);
 * console.log(await storage.get('42')); // Mira
 * ```
 */
export class KeyvStorage {
  /** Set by Keyv: from then on all methods are about this namespace; undefined: about the whole cache. */
  namespace: string | undefined;
  /** Says that `set` takes a point in time, so that Keyv 6 uses this storage without a bridge. */
  readonly capabilities: Capabilities = {
    compatible: true,
    store: 'keyvStorage',
    expires: true,
    methods: trusted(Object.fromEntries(methodNames.map((name) => [name, { exists: true, methodType: 'async' }]))),
  };
  readonly #cache: TieredCache<unknown>;
  readonly #disconnect: (() => Promise<void>) | undefined;
  readonly #clock: Clock;

  /** @param options the cache, and what it is used as */
  constructor({ cache, namespace, disconnect, clock = Date }: KeyvStorageOptions) {
    this.namespace = namespace;
    this.#cache = cache;
    this.#disconnect = disconnect;
    this.#clock = clock;
  }

  /** @returns what was set, or undefined */
  async get<Value>(key: string): Promise<Value | undefined> {
    return trusted(await this.#cache.get(this.#nameOf(key)));
  }

  /** As {@link get} for each key, in order; one round trip for all. */
  async getMany<Value>(keys: readonly string[]): Promise<(Value | undefined)[]> {
    return trusted([...(await this.#cache.getMany(this.#namesOf(keys)))]);
  }

  /** @param expires epoch milliseconds; what is over is dropped. @returns true: it is set, and others are told as soon as they can be */
  async set(key: string, value: unknown, expires?: number): Promise<boolean> {
    const name = this.#nameOf(key);
    const ttlMs = expires === undefined ? undefined : expires - this.#clock.now();
    if (ttlMs !== undefined && ttlMs <= 0) await this.#cache.delete(name);
    else await this.#cache.set(name, value, this.#optionsOf(ttlMs));
    return true;
  }

  /** As {@link set} for each entry. */
  async setMany(entries: readonly KeyvEntry[]): Promise<boolean[]> {
    return Promise.all(entries.map(({ key, value, expires }) => this.set(key, value, expires)));
  }

  /** @returns whether there was a value */
  async delete(key: string): Promise<boolean> {
    const [wasThere = false] = await this.deleteMany([key]);
    return wasThere;
  }

  /** As {@link delete} for each key, in order. */
  async deleteMany(keys: readonly string[]): Promise<boolean[]> {
    const wereThere = await this.hasMany(keys);
    // Also those that were not found: a load or a write elsewhere may be bringing them.
    await this.#cache.delete(...this.#namesOf(keys));
    return wereThere;
  }

  /** Whether {@link get} would give a value. */
  async has(key: string): Promise<boolean> {
    return (await this.#cache.get(this.#nameOf(key))) !== undefined;
  }

  /** As {@link has} for each key, in order. */
  async hasMany(keys: readonly string[]): Promise<boolean[]> {
    return (await this.#cache.getMany(this.#namesOf(keys))).map((value) => value !== undefined);
  }

  /** Drops the entries of the namespace, or all of the cache where there is none. */
  async clear(): Promise<void> {
    await (this.namespace === undefined ? this.#cache.clear() : this.#cache.deleteTags(tagOf(this.namespace)));
  }

  /** The entries of the namespace that are in this process's memory, in no order. */
  async *iterator<Value>(): AsyncGenerator<[string, Value], void> {
    const prefix = this.#nameOf('');
    for (const [name, value] of this.#cache.entries()) if (name.startsWith(prefix)) yield [name.slice(prefix.length), trusted(value)];
  }

  /** Does what was asked for in the set-up. */
  async disconnect(): Promise<void> {
    await this.#disconnect?.();
  }

  #nameOf(key: string): string {
    return this.namespace === undefined ? key : this.namespace + separator + key;
  }

  #namesOf(keys: readonly string[]): readonly string[] {
    return keys.map((key) => this.#nameOf(key));
  }

  #optionsOf(ttlMs: number | undefined): EntryOptions {
    return { ...(ttlMs === undefined ? {} : { ttlMs }), ...(this.namespace === undefined ? {} : { tags: [tagOf(this.namespace)] }) };
  }
}

/** Not the bare namespace: the cache may have other users with tags of their own. */
function tagOf(namespace: string): string {
  return `keyv:${namespace}`;
}
