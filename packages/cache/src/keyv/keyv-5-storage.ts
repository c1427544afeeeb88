import type { Clock } from '../clock.ts';
import { KeyvStorage, type KeyvStorageOptions } from './keyv-storage.ts';

/** One of the entries of {@link Keyv5Storage.setMany}. */
export interface Keyv5Entry {
  readonly key: string;
  readonly value: unknown;
  /** Milliseconds; undefined: as long as the cache's policy says. */
  readonly ttl?: number | undefined;
}

/**
 * {@link KeyvStorage} for Keyv 5, whose storages take times of life in place of points in time, and answer for many deletions at once.
 *
 * @example
 * ```ts
 * import { TieredCache } from '@midgard/cache';
 * import { Keyv5Storage } from '@midgard/cache/keyv';
 *
 * const cache = new TieredCache<unknown>({ space: 'keyv-5', memory: { maxEntries: 10_000 } });
 * const storage = new Keyv5Storage({ cache }); // new Keyv({ store: storage, namespace: 'players' })
 * await storage.set('42', 'Mira', 60_000);
 * console.log(await storage.get('42')); // Mira
 * ```
 */
export class Keyv5Storage {
  /** Keyv 5 offers its iterator only where it knows the dialect, and ours is none of those that it knows. */
  readonly opts = { dialect: 'redis', url: '' };
  readonly #storage: KeyvStorage;
  readonly #clock: Clock;

  /** @param options the cache, and what it is used as */
  constructor(options: KeyvStorageOptions) {
    this.#storage = new KeyvStorage(options);
    this.#clock = options.clock ?? Date;
  }

  /** As of {@link KeyvStorage}. */
  get namespace(): string | undefined {
    return this.#storage.namespace;
  }

  set namespace(namespace: string | undefined) {
    this.#storage.namespace = namespace;
  }

  /** @returns what was set, or undefined */
  get<Value>(key: string): Promise<Value | undefined> {
    return this.#storage.get(key);
  }

  /** As {@link get} for each key, in order. */
  getMany<Value>(keys: readonly string[]): Promise<(Value | undefined)[]> {
    return this.#storage.getMany(keys);
  }

  /** @param ttl milliseconds. @returns true: it is set */
  set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    return this.#storage.set(key, value, this.#endOf(ttl));
  }

  /** As {@link set} for each entry. */
  async setMany(entries: readonly Keyv5Entry[]): Promise<void> {
    await this.#storage.setMany(entries.map(({ key, value, ttl }) => ({ key, value, expires: this.#endOf(ttl) })));
  }

  /** @returns whether there was a value */
  delete(key: string): Promise<boolean> {
    return this.#storage.delete(key);
  }

  /** @returns whether there was a value of any of them */
  async deleteMany(keys: readonly string[]): Promise<boolean> {
    return (await this.#storage.deleteMany(keys)).includes(true);
  }

  /** Whether {@link get} would give a value. */
  has(key: string): Promise<boolean> {
    return this.#storage.has(key);
  }

  /** As {@link has} for each key, in order. */
  hasMany(keys: readonly string[]): Promise<boolean[]> {
    return this.#storage.hasMany(keys);
  }

  /** Drops the entries of the namespace, or all of the cache where there is none. */
  clear(): Promise<void> {
    return this.#storage.clear();
  }

  /** The entries of the namespace that are in this process's memory, in no order. */
  iterator<Value>(): AsyncGenerator<[string, Value], void> {
    return this.#storage.iterator();
  }

  /** Does what was asked for in the set-up. */
  disconnect(): Promise<void> {
    return this.#storage.disconnect();
  }

  #endOf(ttl: number | undefined): number | undefined {
    return ttl === undefined ? undefined : this.#clock.now() + ttl;
  }
}
