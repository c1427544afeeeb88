import { WorkersError } from './errors.ts';
import type { WorkerPoolStats } from './pool-figures.ts';
import type { CloseOptions, WorkerPoolOptions } from './pool-options.ts';
import { WorkerPool } from './worker-pool.ts';

/**
 * The worker pools of a process, by name: set up alike, told about and closed together. One pool for each kind of work, so that a
 * long export never stands before a login.
 *
 * @example
 * ```ts
 * import { WorkerPools } from '@midgard/workers';
 *
 * interface ExportTasks {
 *   players(ids: readonly string[]): Promise<string>;
 * }
 * const pools = new WorkerPools({ maxQueued: 200 });
 * const exports = pools.open<ExportTasks>('exports', { file: new URL('./exports.ts', import.meta.url), minThreads: 0, timeoutMs: 300_000 });
 * const csv = await exports.run('players', ['42', '43'], { priority: 'low' });
 * await pools.close({ graceMs: 10_000 });
 * ```
 */
export class WorkerPools implements AsyncDisposable {
  readonly #pools = new Map<string, Pick<WorkerPool<unknown>, 'stats' | 'close'>>();
  readonly #defaults: Omit<WorkerPoolOptions, 'name' | 'file'>;
  #isClosed = false;

  /** @param defaults for all pools that say nothing else */
  constructor(defaults: Omit<WorkerPoolOptions, 'name' | 'file'> = {}) {
    this.#defaults = defaults;
  }

  /**
   * Makes a pool.
   *
   * @param name not in use yet
   * @throws {WorkersError} `ERR_WORKERS_OPTIONS`: the name is taken, or a bound or a time makes no sense; `ERR_WORKERS_CLOSED`
   */
  open<Tasks>(name: string, options: Omit<WorkerPoolOptions, 'name'>): WorkerPool<Tasks> {
    if (this.#isClosed) throw new WorkersError('ERR_WORKERS_CLOSED', 'the pools are closed');
    if (this.#pools.has(name)) throw new WorkersError('ERR_WORKERS_OPTIONS', `there is a pool ${name} already`);
    const pool = new WorkerPool<Tasks>({ ...this.#defaults, ...options, name });
    this.#pools.set(name, pool);
    return pool;
  }

  /** What each pool does and has done, in the order in which they were opened. */
  stats(): WorkerPoolStats[] {
    return [...this.#pools.values()].map((pool) => pool.stats());
  }

  /** Closes all pools at the same time, as {@link WorkerPool.close}. */
  async close(options: CloseOptions = {}): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#pools.values()].map((pool) => pool.close(options)));
  }

  /** {@link close} with the default time of grace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
