/**
 * Any order of events. The model knows nothing of how the pool works: only what went in, what came out, and what must always hold.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeTime, settled } from '../testing/fake-time.ts';
import { Job, type Tool } from '../test/workshop.ts';
import type { ResourcePoolOptions } from './options.ts';
import { ResourcePool } from './resource-pool.ts';

interface Caller {
  readonly number: number;
  readonly controller: AbortController;
  end: 'waits' | 'got' | 'ERR_POOL_TIMEOUT' | 'ERR_POOL_OVERLOADED' | 'ERR_POOL_CREATE' | 'ERR_POOL_CLOSED' | 'aborted';
  ends: number;
}

const timings = { acquireTimeoutMs: 400, createTimeoutMs: 300, destroyTimeoutMs: 300, sweepEveryMs: 100, idleTimeoutMs: 500 } as const;

/** A pool in a world of which a sequence of steps decides everything. */
class World {
  readonly time = new FakeTime();
  readonly pool: ResourcePool<Tool>;
  readonly creations: Job<Tool>[] = [];
  readonly checks: Job<boolean>[] = [];
  readonly disposals: Job<void>[] = [];
  readonly callers: Caller[] = [];
  /** What is lent, by the books of the borrowers. */
  readonly held: Tool[] = [];
  readonly made = new Set<Tool>();
  readonly destroyed = new Set<Tool>();
  max: number;
  min: number;
  graceEndsAt = Infinity;
  readonly #broken: string[] = [];
  #tools = 0;

  constructor(options: Partial<ResourcePoolOptions<Tool>> & { readonly max: number; readonly min: number; readonly trustMs: number | undefined }) {
    const { trustMs, ...rest } = options;
    this.max = rest.max;
    this.min = rest.min;
    this.pool = new ResourcePool<Tool>({
      create: (signal) => this.#create(signal),
      destroy: (tool) => this.#destroy(tool),
      ...(trustMs === undefined ? {} : { health: { check: (tool: Tool) => this.#check(tool), trustMs, everyMs: 250, timeoutMs: 200 } }),
      clock: this.time,
      timers: this.time,
      random: () => 0.5,
      backoff: { firstMs: 50, maxMs: 200 },
      leaks: { afterMs: 300, sampleEvery: 1 },
      ...timings,
      ...rest,
    });
  }

  /** Made and not destroyed, being made, or being destroyed: what the other side of the connections would count. */
  get live(): number {
    return open(this.creations).filter(({ signal }) => signal?.aborted === false).length + this.made.size - this.destroyed.size;
  }

  async acquire(timeoutMs: number | undefined): Promise<void> {
    const controller = new AbortController();
    const caller: Caller = { number: this.callers.length, controller, end: 'waits', ends: 0 };
    this.callers.push(caller);
    const options = { signal: controller.signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
    this.pool.acquire(options).then(
      (tool) => this.#got(caller, tool),
      (error: Error & { code?: Caller['end'] }) => {
        caller.ends += 1;
        caller.end = error === controller.signal.reason ? 'aborted' : (error.code ?? 'waits');
      },
    );
    await settled();
  }

  tryAcquire(): void {
    const tool = this.pool.tryAcquire();
    if (tool === undefined) return;
    this.#demand(
      this.callers.every(({ end }) => end !== 'waits'),
      'tryAcquire overtakes nobody',
    );
    this.#lend(tool);
  }

  #got(caller: Caller, tool: Tool): void {
    caller.ends += 1;
    caller.end = 'got';
    // First come first served: whoever came before has a resource, or has gone without.
    this.#demand(!this.callers.some(({ number, end }) => number < caller.number && end === 'waits'), 'first come first served');
    this.#lend(tool);
  }

  #lend(tool: Tool): void {
    this.#demand(!this.held.includes(tool), 'lent to one at a time');
    this.#demand(!this.disposals.some((job) => job.tool === tool), 'nothing destroyed is lent');
    this.held.push(tool);
  }

  #create(signal: AbortSignal): Promise<Tool> {
    const job = new Job<Tool>({ id: (this.#tools += 1) }, signal);
    this.#demand(this.live < this.max, 'nothing is made above max');
    // In the last moment of the grace either timer may be the first.
    this.#demand(this.time.now() <= this.graceEndsAt, 'nothing is made after the close');
    this.creations.push(job);
    return job.promise;
  }

  #check(tool: Tool): Promise<boolean> {
    const job = new Job<boolean>(tool);
    this.#demand(!this.held.includes(tool), 'nothing lent is checked');
    this.checks.push(job);
    return job.promise;
  }

  #destroy(tool: Tool): Promise<void> {
    const job = new Job<void>(tool);
    this.#demand(!this.disposals.some((each) => each.tool === tool), 'destroyed once');
    this.#demand(!this.held.includes(tool) || this.time.now() >= this.graceEndsAt, 'nothing lent is destroyed');
    this.disposals.push(job);
    // From then on the pool counts its place as free; a hair before, so that the books are right when it does.
    this.time.after(timings.destroyTimeoutMs - 0.001, () => this.destroyed.add(tool));
    return job.promise;
  }

  /** Not by expect: what these functions throw, the pool takes for a failure of theirs. */
  #demand(isTrue: boolean, rule: string): void {
    if (!isTrue) this.#broken.push(rule);
  }

  checkInvariants(): void {
    expect(this.#broken).toEqual([]);
    const usage = this.pool.usage();
    const waiting = this.callers.filter(({ end }) => end === 'waits');
    expect(this.callers.filter(({ end, ends }) => ends !== (end === 'waits' ? 0 : 1))).toEqual([]);
    expect(usage.waiting).toBe(waiting.length);
    if (this.time.now() < this.graceEndsAt) expect(usage.borrowed).toBe(this.held.length);
    // Everything made is somewhere.
    expect(usage.idle + usage.borrowed + usage.checking).toBe(this.made.size - this.disposals.length);
  }
}

function open<T>(jobs: readonly Job<T>[]): Job<T>[] {
  return jobs.filter(({ isOver }) => !isOver);
}

class Step implements fc.AsyncCommand<object, World> {
  readonly #name: string;
  readonly #run: (world: World) => unknown;

  constructor(name: string, run: (world: World) => unknown) {
    this.#name = name;
    this.#run = run;
  }

  check(): boolean {
    return true;
  }

  async run(_: object, world: World): Promise<void> {
    await this.#run(world);
    await settled();
    world.checkInvariants();
  }

  toString(): string {
    return this.#name;
  }
}

/** Ends one of the jobs that are open, if there are any. */
async function endOne<T>(jobs: readonly Job<T>[], which: number, end: (job: Job<T>) => Promise<void>): Promise<void> {
  const list = open(jobs);
  const job = list[which % Math.max(1, list.length)];
  if (job !== undefined) await end(job);
}

async function make(world: World, job: Job<Tool>): Promise<void> {
  world.made.add(job.tool);
  await job.end(job.tool);
}

async function unmake(world: World, job: Job<void>): Promise<void> {
  world.destroyed.add(job.tool);
  await job.end();
}

function giveBack(world: World, which: number, how: 'release' | 'discard'): void {
  const [tool] = world.held.splice(which % Math.max(1, world.held.length), 1);
  if (tool !== undefined) world.pool[how](tool);
}

function resize(world: World, min: number, extra: number): void {
  world.min = min;
  world.max = Math.max(1, min + extra);
  world.pool.resize({ min: world.min, max: world.max });
}

function close(world: World, graceMs: number): void {
  world.graceEndsAt = Math.min(world.graceEndsAt, world.time.now() + graceMs);
  void world.pool.close({ graceMs });
}

const which = fc.nat(9);
const steps = [
  fc.option(fc.integer({ min: 1, max: 600 }), { nil: undefined }).map((ms) => new Step(`acquire ${ms}`, (world) => world.acquire(ms))),
  fc.constant(new Step('acquire', (world) => world.acquire(undefined))),
  fc.constant(new Step('tryAcquire', (world) => world.tryAcquire())),
  which.map((n) => new Step(`release ${n}`, (world) => giveBack(world, n, 'release'))),
  which.map((n) => new Step(`discard ${n}`, (world) => giveBack(world, n, 'discard'))),
  which.map((n) => new Step(`abort ${n}`, (world) => world.callers.at(-n)?.controller.abort())),
  which.map((n) => new Step(`made ${n}`, (world) => endOne(world.creations, n, (job) => make(world, job)))),
  which.map((n) => new Step(`not made ${n}`, (world) => endOne(world.creations, n, (job) => job.fail()))),
  fc.tuple(which, fc.boolean()).map(([n, answer]) => new Step(`checked ${n} ${answer}`, (world) => endOne(world.checks, n, (job) => job.end(answer)))),
  which.map((n) => new Step(`check fails ${n}`, (world) => endOne(world.checks, n, (job) => job.fail()))),
  which.map((n) => new Step(`destroyed ${n}`, (world) => endOne(world.disposals, n, (job) => unmake(world, job)))),
  fc.integer({ min: 1, max: 500 }).map((ms) => new Step(`advance ${ms}`, (world) => world.time.advance(ms))),
  fc.tuple(fc.nat(2), fc.nat(3)).map(([min, extra]) => new Step(`resize ${min} +${extra}`, (world) => resize(world, min, extra))),
];
const ending = fc.tuple(fc.nat(300), fc.commands(steps, { maxCommands: 20, size: 'max' }));

/** After the steps the world mends: everything asked of it succeeds, and everything held is given back. */
async function mend(world: World): Promise<void> {
  for (let i = 0; i < 60; i += 1) {
    for (const job of open(world.creations)) await make(world, job);
    for (const job of open(world.checks)) await job.end(true);
    for (const job of open(world.disposals)) await unmake(world, job);
    while (world.held.length > 0) giveBack(world, 0, 'release');
    await world.time.advance(20);
    world.checkInvariants();
  }
}

const options = fc.record({
  max: fc.integer({ min: 2, max: 4 }),
  min: fc.nat(2),
  maxWaiting: fc.integer({ min: 0, max: 5 }),
  trustMs: fc.option(fc.constantFrom(0, 50), { nil: undefined }),
  maxLifetimeMs: fc.constantFrom(600, 1e9),
});

test('property: whatever happens, the bounds hold, everybody is served once and in turn, and nothing is lost', async () => {
  await fc.assert(
    fc.asyncProperty(options, fc.commands(steps, { maxCommands: 60, size: 'max' }), async (given, commands) => {
      const world = new World(given);
      await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
      await mend(world);
      expect(world.callers.filter(({ end }) => end === 'waits')).toEqual([]);
      expect(world.live).toBeLessThanOrEqual(world.max);
      await world.acquire(undefined);
      await mend(world);
      expect(world.callers.at(-1)?.end).toBe('got');
    }),
    { numRuns: 200 },
  );
}, 60_000);

test('property: a closed pool ends every wait and destroys everything', async () => {
  await fc.assert(
    fc.asyncProperty(options, fc.commands(steps, { maxCommands: 40, size: 'max' }), ending, async (given, commands, [graceMs, more]) => {
      const world = new World(given);
      await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
      close(world, graceMs);
      const closed = world.pool.close({ graceMs });
      await fc.asyncModelRun(() => ({ model: {}, real: world }), more);
      await world.time.advance(graceMs + timings.destroyTimeoutMs);
      await closed;
      const creations = world.creations.length;
      for (const job of open(world.creations)) await make(world, job);
      for (const job of open(world.disposals)) await unmake(world, job);
      expect(world.callers.filter(({ end }) => end === 'waits')).toEqual([]);
      expect([...world.made].filter((tool) => !world.destroyed.has(tool))).toEqual([]);
      expect(world.pool.usage()).toMatchObject({ idle: 0, borrowed: 0, checking: 0, creating: 0, destroying: 0, waiting: 0 });
      await world.time.advance(100_000);
      expect(world.creations).toHaveLength(creations);
      expect(world.time.pending).toEqual([]);
    }),
    { numRuns: 200 },
  );
}, 60_000);
