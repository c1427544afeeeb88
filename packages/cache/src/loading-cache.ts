import type { MemoryCache } from './memory/memory-cache.ts';
import type { SetOptions } from './memory/options.ts';

/** Hears what a {@link LoadingCache} does; hits and misses are in the statistics of its cache. */
export interface LoadingListener {
  /** A reader found a load under way and waits for it. */
  joined?(key: string): void;
  /** A load came back. `isStored` false: its lease was lost to a delete or set meanwhile, so only its readers got the value. */
  loaded?(key: string, isStored: boolean): void;
  /** A load failed; nothing is stored and all its readers get the error. */
  failed?(key: string, error: unknown): void;
}

/**
 * A cache that loads what it does not have, once for all who ask at the same time.
 *
 * Each load holds a lease on its key, which a `delete`, `set` or `clear` takes away. So
 * - a load that began before the delete never stores its value, which may be older than what was deleted;
 * - a reader after the delete does not join the older flight, but starts one that sees what was written.
 *
 * Call `delete` after the commit. From then on no reader gets what was there before the write, however slow its load was.
 * Leases as in Nishtala et al., "Scaling Memcache at Facebook" (NSDI 2013), §3.2.1, without the remote tier.
 *
 * @example
 * ```ts
 * import { LoadingCache, MemoryCache } from '@midgard/cache';
 *
 * const players = new LoadingCache({ cache: new MemoryCache<string>({ maxEntries: 1000 }) });
 * const name = await players.get('player:42', async () => 'Mira'); // loads once
 * players.delete('player:42'); // after a write has been committed
 * ```
 */
export class LoadingCache<V> {
  readonly #cache: MemoryCache<V>;
  readonly #listener: LoadingListener;
  /** The load under way for a key. To stand here is to hold the lease. */
  readonly #flights = new Map<string, Promise<V>>();

  /**
   * @param options.cache this cache's own: whoever writes to it directly goes behind the leases' back
   * @param options.listener default: nobody hears
   */
  constructor({ cache, listener = {} }: { readonly cache: MemoryCache<V>; readonly listener?: LoadingListener }) {
    this.#cache = cache;
    this.#listener = listener;
  }

  /**
   * The value from the cache, from a load under way, or from this loader. A rejection goes to everybody who waits for the
   * same load and is not remembered. A loaded `undefined` is given to them and not stored.
   *
   * @param loader reads from the source of truth; called at most once until it settles or its lease is lost
   * @param options lifetime of what is stored, where it differs from the cache's
   */
  get(key: string, loader: (key: string) => Promise<V>, options?: SetOptions): Promise<V> {
    const value = this.#cache.get(key);
    if (value !== undefined) return Promise.resolve(value);
    const underway = this.#flights.get(key);
    if (underway === undefined) return this.#load(key, loader, options);
    this.#listener.joined?.(key);
    return underway;
  }

  /** Stores a value that is known to be the newest; loads under way do not overwrite it. */
  set(key: string, value: V, options?: SetOptions): boolean {
    this.#flights.delete(key);
    return this.#cache.set(key, value, options);
  }

  /** Drops a key after a write to its source. @returns whether a value was there */
  delete(key: string): boolean {
    this.#flights.delete(key);
    return this.#cache.delete(key);
  }

  /** Drops every key. */
  clear(): void {
    this.#flights.clear();
    this.#cache.clear();
  }

  #load(key: string, loader: (key: string) => Promise<V>, options: SetOptions | undefined): Promise<V> {
    const { promise: flight, resolve } = Promise.withResolvers<V>();
    // On record before anything of the loader runs.
    this.#flights.set(key, flight);
    resolve(this.#run(key, loader, options, () => this.#flights.get(key) === flight));
    return flight;
  }

  async #run(key: string, loader: (key: string) => Promise<V>, options: SetOptions | undefined, hasLease: () => boolean): Promise<V> {
    try {
      const value = await loader(key);
      const isStored = hasLease() && this.#cache.set(key, value, options);
      this.#listener.loaded?.(key, isStored);
      return value;
    } catch (error) {
      this.#listener.failed?.(key, error);
      throw error;
    } finally {
      if (hasLease()) this.#flights.delete(key);
    }
  }
}
