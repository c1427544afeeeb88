import { PoolError } from './errors.ts';
import { Loans } from './loans.ts';

/** Set-up of {@link ObjectPool}. */
export interface ObjectPoolOptions<T> {
  /** Makes a new object. */
  readonly create: () => T;
  /** Returns an object to its first state; called on release, so that nothing of one use is kept alive or seen by the next. */
  readonly reset: (object: T) => void;
  /** Most objects kept idle, at least 1; default 1024. */
  readonly maxIdle?: number;
  /** Tells a second release, at the price of a look-up each way; for tests and while hunting. Default false. */
  readonly debug?: boolean;
}

/** What an {@link ObjectPool} holds. An `inUse` that only grows is a leak. */
export interface ObjectPoolUsage {
  readonly idle: number;
  readonly inUse: number;
}

/**
 * Keeps idle objects for reuse, so that a hot loop allocates nothing.
 *
 * `acquire` and `release` are O(1) and never wait: an empty pool creates, a full pool drops.
 * Worth it for objects that are dear to make (see the figures in the README); V8 makes a small plain object faster than any pool.
 *
 * @example
 * ```ts
 * import { ObjectPool } from '@midgard/pool';
 *
 * const lists = new ObjectPool<number[]>({ create: () => [], reset: (list) => { list.length = 0; } });
 * const list = lists.acquire();
 * list.push(1);
 * lists.release(list);
 * ```
 */
export class ObjectPool<T extends object> {
  readonly #idle: T[] = [];
  readonly #create: () => T;
  readonly #reset: (object: T) => void;
  readonly #maxIdle: number;
  readonly #loans: Loans | undefined;
  #inUse = 0;

  /** @throws {PoolError} `ERR_POOL_SIZE`: `maxIdle` is not a positive integer */
  constructor({ create, reset, maxIdle = 1024, debug = false }: ObjectPoolOptions<T>) {
    if (!Number.isSafeInteger(maxIdle) || maxIdle < 1) throw new PoolError('ERR_POOL_SIZE', 'maxIdle must be a whole number of at least 1');
    this.#create = create;
    this.#reset = reset;
    this.#maxIdle = maxIdle;
    this.#loans = debug ? new Loans() : undefined;
  }

  /** An object in its first state, which is the caller's until it is released. */
  acquire(): T {
    const object = this.#idle.pop() ?? this.#create();
    this.#inUse += 1;
    this.#loans?.lend(object);
    return object;
  }

  /**
   * Gives an object back; the caller must not touch it afterwards.
   *
   * @throws {PoolError} `ERR_POOL_NOT_LENT`: in debug mode, it was given back before or is not of this pool
   */
  release(object: T): void {
    this.#loans?.takeBack(object);
    this.#inUse -= 1;
    if (this.#idle.length >= this.#maxIdle) return;
    this.#reset(object);
    this.#idle.push(object);
  }

  /** Lets all idle objects go. */
  clear(): void {
    this.#idle.length = 0;
  }

  /** What is idle and what is out. */
  usage(): ObjectPoolUsage {
    return { idle: this.#idle.length, inUse: this.#inUse };
  }
}
