import type { ResourcePoolListener } from '../resource-pool/listener.ts';
import type { ResourcePoolOptions } from '../resource-pool/options.ts';
import { ResourcePool } from '../resource-pool/resource-pool.ts';
import { FakeTime, settled } from '../testing/fake-time.ts';

/** What the pools under test lend. */
export interface Tool {
  readonly id: number;
}

/** Work that a test ends when it wants. */
export class Job<T> {
  readonly #done = Promise.withResolvers<T>();
  readonly tool: Tool;
  readonly signal: AbortSignal | undefined;
  readonly promise: Promise<T> = this.#done.promise;
  isOver = false;

  constructor(tool: Tool, signal?: AbortSignal) {
    this.tool = tool;
    this.signal = signal;
  }

  async end(value: T): Promise<void> {
    this.isOver = true;
    this.#done.resolve(value);
    await settled();
  }

  async fail(error: unknown = new Error('broken')): Promise<void> {
    this.isOver = true;
    this.#done.reject(error);
    await settled();
  }
}

/** A pool of tools whose making, checking and destroying a test holds in hand. */
export class Workshop {
  readonly time: FakeTime = new FakeTime();
  readonly pool: ResourcePool<Tool>;
  /** What the listener heard, in the form 'event id detail'. */
  readonly events: string[] = [];
  readonly creations: Job<Tool>[] = [];
  readonly checks: Job<boolean>[] = [];
  readonly disposals: Job<void>[] = [];
  /** Jobs of these kinds wait until the test ends them; the others are over at once. */
  readonly holds: Set<'create' | 'check' | 'destroy'>;
  #made = 0;

  constructor(
    options: Partial<ResourcePoolOptions<Tool>> & {
      readonly hold?: ('create' | 'check' | 'destroy')[];
      readonly trustMs?: number;
      readonly everyMs?: number;
    } = {},
  ) {
    const { hold = [], trustMs, everyMs, ...rest } = options;
    this.holds = new Set(hold);
    const check = (tool: Tool): Promise<boolean> => this.#begin('check', this.checks, new Job<boolean>(tool), true);
    this.pool = new ResourcePool({
      max: 2,
      create: (signal) => {
        const tool = { id: (this.#made += 1) };
        return this.#begin('create', this.creations, new Job<Tool>(tool, signal), tool);
      },
      destroy: (tool) => this.#begin('destroy', this.disposals, new Job<void>(tool), undefined),
      ...(trustMs === undefined ? {} : { health: { check, trustMs, ...(everyMs === undefined ? {} : { everyMs }) } }),
      clock: this.time,
      timers: this.time,
      random: () => 0,
      listener: this.#listener(),
      ...rest,
    });
  }

  #begin<T>(kind: 'create' | 'check' | 'destroy', jobs: Job<T>[], job: Job<T>, value: T): Promise<T> {
    jobs.push(job);
    if (!this.holds.has(kind)) void job.end(value);
    return job.promise;
  }

  #listener(): ResourcePoolListener<Tool> {
    return {
      created: ({ id }, tookMs) => this.events.push(`created ${id} ${tookMs}`),
      createFailed: () => this.events.push('createFailed'),
      destroyed: ({ id }, reason) => this.events.push(`destroyed ${id} ${reason}`),
      destroyFailed: ({ id }, reason) => this.events.push(`destroyFailed ${id} ${reason}`),
      checkFailed: ({ id }, error) => this.events.push(`checkFailed ${id} ${error === undefined ? 'no' : 'error'}`),
      acquired: ({ id }, waitMs) => this.events.push(`acquired ${id} ${waitMs}`),
      acquireFailed: (reason, waitMs) => this.events.push(`acquireFailed ${reason} ${waitMs}`),
      released: ({ id }, heldMs) => this.events.push(`released ${id} ${heldMs}`),
    };
  }
}

/** What has become of a promise by now. */
export async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  const pending = Symbol('pending');
  await settled();
  return Promise.race([promise, Promise.resolve(pending)]).then(
    (value) => (value === pending ? 'pending' : value),
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  );
}
