import { CacheError } from '../errors.ts';
import type { Timers } from '@midgard/pool';
import type { EntryOptions } from './entry.ts';

/** What a loader is given besides its keys. */
export interface Load<V> {
  /** Aborts when the load's time is over. */
  readonly signal: AbortSignal;
  /** The value before, where it has only outlived its time: a source that can say "unchanged" spares itself the rest. */
  readonly previous: (key: string) => V | undefined;
  /**
   * Says how what was loaded is kept, where that depends on what it is.
   *
   * @param key of a load of many; default: all of them
   */
  readonly keep: (options: EntryOptions, key?: string) => void;
}

/** Reads one value from the source of truth. Called at most once at a time for a key, in all instances that share a tier. */
export type Loader<V> = (key: string, load: Load<V>) => Promise<V>;

/** Reads many at once. @returns one value a key, in their order */
export type ManyLoader<V> = (keys: readonly string[], load: Load<V>) => Promise<readonly V[]>;

/** A loader of one as one of many, for a load of one key. */
export function asMany<V>(loader: Loader<V>): ManyLoader<V> {
  return async ([key = ''], load) => [await loader(key, load)];
}

/** One call of a loader: its time, its signal, and what it said. */
export class LoaderCall<V> implements Load<V> {
  /** Made for loaders that look at it: it costs more than all the rest. */
  #abort: AbortController | undefined;
  #failure: CacheError | undefined;
  readonly #previous: ReadonlyMap<string, V>;
  readonly #byKey = new Map<string, EntryOptions>();
  #forAll: EntryOptions;

  /** @param options.previous values that have outlived their time; @param options.given what the reader asked for */
  constructor({ previous, given }: { readonly previous: ReadonlyMap<string, V>; readonly given: EntryOptions }) {
    this.#previous = previous;
    this.#forAll = given;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#failure !== undefined) this.#abort.abort(this.#failure);
    return this.#abort.signal;
  }

  // Bound, since loaders take what they are given apart.
  readonly previous = (key: string): V | undefined => this.#previous.get(key);

  readonly keep = (options: EntryOptions, key?: string): void => {
    if (key === undefined) this.#forAll = { ...this.#forAll, ...options };
    else this.#byKey.set(key, { ...this.#byKey.get(key), ...options });
  };

  /** What was said of a key. */
  optionsOf(key: string): EntryOptions {
    const own = this.#byKey.get(key);
    return own === undefined ? this.#forAll : { ...this.#forAll, ...own };
  }

  /**
   * Calls the loader.
   *
   * @throws what it throws; {@link CacheError} `ERR_CACHE_LOADER_TIMEOUT`, `ERR_CACHE_LOADER`: it gave not one value for each key
   */
  async run(loader: ManyLoader<V>, keys: readonly string[], { hardTimeoutMs, timers }: { hardTimeoutMs: number; timers: Timers }): Promise<readonly V[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly V[]>();
    const timer = hardTimeoutMs === Infinity ? undefined : timers.after(hardTimeoutMs, () => reject(this.#stop(hardTimeoutMs)));
    try {
      // Not a race of promises: that makes three more.
      Promise.resolve(loader(keys, this)).then(resolve, reject);
      const values = await promise;
      if (values.length !== keys.length) throw new CacheError('ERR_CACHE_LOADER', `a loader of ${keys.length} keys gave ${values.length} values`);
      return values;
    } finally {
      timer?.cancel();
    }
  }

  #stop(hardTimeoutMs: number): CacheError {
    this.#failure = new CacheError('ERR_CACHE_LOADER_TIMEOUT', `a load took longer than ${hardTimeoutMs} ms`);
    this.#abort?.abort(this.#failure);
    return this.#failure;
  }
}
