/**
 * Any order of failures, returns, reads and writes. The model knows nothing of how the connections work: only what the servers do,
 * what the borrowers got, and what must always hold.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DaoError } from '../errors.ts';
import { Connections } from './connections.ts';
import type { Lease } from './lease.ts';
import { hooksOf } from './test/fake-hooks.ts';
import { FakeServer } from './test/fake-server.ts';
import { FakeTime, settled } from '@midgard/pool/testing';
import { expectNothingLeft } from './test/leftovers.ts';

const acquireTimeoutMs = 2000;

interface Caller {
  readonly since: number;
  end: 'waits' | 'got' | 'refused';
  ends: number;
}

class World {
  readonly time = new FakeTime();
  readonly writable = ['w1', 'w2', 'w3'].map((name) => new FakeServer(name));
  readonly replicas = ['r1', 'r2'].map((name) => new FakeServer(name));
  readonly callers: Caller[] = [];
  /** What is lent, by the books of the borrowers. */
  readonly held: Lease[] = [];
  readonly connections: Connections;
  readonly isCluster: boolean;
  readonly #broken: string[] = [];
  /** Writes that were acknowledged since the last server was lost, and some of them with it. */
  #acknowledged = 0;
  #active = 'w1';
  #losses = 0;

  /** @param isCluster all servers take writes at any time, and each has those of the others that are up; else one does at a time */
  constructor(max: number, isCluster: boolean) {
    this.isCluster = isCluster;
    for (const server of this.servers) server.position = '0';
    if (!isCluster) for (const server of this.writable.slice(1)) server.acceptsWrites = false;
    this.connections = new Connections(
      {
        servers: this.writable,
        replicas: this.replicas.map((address, index) => ({ address, weight: index + 1 })),
        pool: { max, min: 1, acquireTimeoutMs, idleTimeoutMs: 3000, healthEveryMs: 1500, trustMs: 300 },
        failover: { returnAfterMs: 2000, handoverMs: 500 },
        reads: { maxLagMs: 3000, settleMs: 5000 },
        clock: this.time,
        timers: this.time,
        random: () => 0.5,
      },
      hooksOf(this.time),
      {
        failedOver: ({ from, to }) => {
          this.demand(from === this.#active && from !== to, 'one server after the other takes the writes');
          this.#active = to;
          if (!this.#isReturn(from)) this.#lose();
        },
      },
    );
    this.connections.start();
  }

  get servers(): readonly FakeServer[] {
    return [...this.writable, ...this.replicas];
  }

  acquire(kind: 'write' | 'read', signal: AbortSignal | undefined): void {
    const caller: Caller = { since: this.time.now(), end: 'waits', ends: 0 };
    this.callers.push(caller);
    const required = this.#acknowledged;
    const losses = this.#losses;
    const end = (how: Caller['end']): void => {
      caller.end = how;
      caller.ends += 1;
    };
    this.connections[kind]({ signal }).then(
      (lease) => {
        end('got');
        this.held.push(lease);
        if (kind === 'write') this.#checkWrite(lease);
        else this.#checkRead(lease, losses === this.#losses ? required : 0);
      },
      (error: unknown) => {
        end('refused');
        this.demand(error instanceof DaoError, 'every refusal is one of this library');
      },
    );
  }

  /** Commits on one of those that are lent for writes, if its server takes them. */
  commit(which: number): void {
    const lease = this.held[which % Math.max(1, this.held.length)];
    const server = this.writable.find(({ name }) => name === lease?.server);
    if (server === undefined || lease === undefined || lease.connection.isBroken || server.health !== 'up' || server.name !== this.#active) return;
    const position = this.position + 1;
    const takers = this.isCluster ? this.writable.filter(({ health }) => health === 'up') : [server];
    for (const taker of takers) taker.position = `${position}`;
    this.#acknowledged = position;
    this.connections.noteCommit(server.position);
  }

  /** The newest write anywhere. */
  get position(): number {
    return Math.max(...this.writable.map(({ position }) => Number(position)));
  }

  revive(server: FakeServer): void {
    if (this.isCluster && this.writable.includes(server)) server.position = `${this.position}`;
    server.revive();
  }

  /** As those do who look after the servers: another one is the primary, and has all writes. */
  promote(chosen: FakeServer): void {
    chosen.position = `${this.position}`;
    if (!this.isCluster) for (const server of this.writable) server.acceptsWrites = server === chosen;
  }

  giveBack(which: number, how: 'release' | 'discard'): void {
    const [lease] = this.held.splice(which % Math.max(1, this.held.length), 1);
    lease?.[how]();
  }

  /** Not by expect: what a listener throws is an uncaught exception. */
  demand(isTrue: boolean, rule: string): void {
    if (!isTrue) this.#broken.push(rule);
  }

  check(): void {
    expect(this.#broken).toEqual([]);
    expect(this.callers.filter(({ end, ends }) => ends !== (end === 'waits' ? 0 : 1))).toEqual([]);
    const usage = this.connections.usage();
    const states = usage.map(({ state }) => state);
    expect(states.filter((state) => state === 'active').length).toBeLessThan(2);
    // One that could take the writes does.
    if (states.includes('ready')) expect(states).toContain('active');
    const late = this.callers.filter(({ end, since }) => end === 'waits' && this.time.now() > since + acquireTimeoutMs);
    // A read may find its replica too old in the last moment, and be told of it a moment later.
    expect(late.filter(({ since }) => this.time.now() > since + acquireTimeoutMs + 1200)).toEqual([]);
    const borrowed = usage.reduce((sum, { pool }) => sum + pool.borrowed, 0);
    expect(borrowed).toBeGreaterThanOrEqual(this.held.length);
  }

  #stateOf(name: string): string | undefined {
    return this.connections.usage().find(({ server }) => server === name)?.state;
  }

  /** One that is well is left only between two writes, and only for one that has all of them. */
  #isReturn(from: string): boolean {
    const left = this.writable.find(({ name }) => name === from);
    const isWell = left?.acceptsWrites === true && this.connections.usage().find(({ server }) => server === from)?.breaker === 'closed';
    if (isWell) this.demand(!this.held.some(({ server }) => server === from), 'a server that is well is not left in the middle of a write');
    return isWell;
  }

  #lose(): void {
    this.#acknowledged = 0;
    this.#losses += 1;
  }

  #checkWrite({ server, connection }: Lease): void {
    this.demand(server === this.#active, 'a write goes to the active server');
    this.demand(this.#stateOf(server) !== 'down', 'a write does not go to a server known to be down');
    this.demand(!connection.isBroken, 'no broken connection is lent');
  }

  #checkRead({ server, connection }: Lease, required: number): void {
    this.demand(!connection.isBroken, 'no broken connection is lent');
    const replica = this.replicas.find(({ name }) => name === server);
    if (replica === undefined) return this.demand(server === this.#active, 'a read that no replica serves goes to the active server');
    this.demand(this.#stateOf(server) === 'serving', 'a read goes to a replica in the rotation');
    this.demand(Number(replica.position) >= required, 'a read sees what was acknowledged before it');
  }
}

/** Something that happens; its name is what a failure shows. */
class Step {
  readonly #name: string;
  readonly run: (world: World) => unknown;

  constructor(name: string, run: (world: World) => unknown) {
    this.#name = name;
    this.run = run;
  }

  toString(): string {
    return this.#name;
  }
}

const index = fc.nat({ max: 20 });
const at = <T>(list: readonly T[], which: number): T => list[which % list.length]!;

/** Replicas take over what the servers of the writes have. */
function replicate(world: World, which: number): void {
  at(world.replicas, which).position = `${world.position}`;
}

const acquire = fc.constantFrom('write', 'read').map((kind) => new Step(kind, (world) => world.acquire(kind === 'write' ? 'write' : 'read', undefined)));
const acquireAborted = fc.integer({ min: 1, max: 300 }).map(
  (ms) =>
    new Step(`read aborted after ${ms} ms`, (world) => {
      const controller = new AbortController();
      world.acquire('read', controller.signal);
      world.time.after(ms, () => controller.abort());
    }),
);
const release = index.map((which) => new Step(`release ${which}`, (world) => world.giveBack(which, 'release')));
const discard = index.map((which) => new Step(`discard ${which}`, (world) => world.giveBack(which, 'discard')));
const commit = index.map((which) => new Step(`commit ${which}`, (world) => world.commit(which)));
const kill = index.map((which) => new Step(`kill ${which % 5}`, (world) => at(world.servers, which).kill()));
const freeze = index.map((which) => new Step(`freeze ${which % 5}`, (world) => at(world.servers, which).freeze()));
const revive = index.map((which) => new Step(`revive ${which % 5}`, (world) => world.revive(at(world.servers, which))));
const promote = index.map((which) => new Step(`promote ${which % 3}`, (world) => world.promote(at(world.writable, which))));
const replicated = index.map((which) => new Step(`replicate ${which % 2}`, (world) => replicate(world, which)));
const lag = fc.tuple(index, fc.constantFrom(0, 2999, 3001, undefined)).map(
  ([which, lagMs]) =>
    new Step(`lag ${which % 2} ${lagMs}`, (world) => {
      at(world.replicas, which).lagMs = lagMs;
    }),
);
const resize = fc.integer({ min: 1, max: 5 }).map((max) => new Step(`resize ${max}`, (world) => world.connections.resize({ min: 1, max })));
const pass = fc.constantFrom(1, 20, 300, 1000, 4500).map((ms) => new Step(`pass ${ms} ms`, (world) => world.time.advance(ms)));

const step = fc.oneof(
  { arbitrary: acquire, weight: 8 },
  { arbitrary: pass, weight: 4 },
  { arbitrary: fc.oneof(release, commit), weight: 5 },
  { arbitrary: fc.oneof(acquireAborted, discard, replicated), weight: 3 },
  { arbitrary: fc.oneof(kill, freeze, revive, revive, promote, lag, resize), weight: 4 },
);

/** Every server is well again: within seconds everybody is served. */
async function heal(world: World): Promise<void> {
  for (const server of world.servers) {
    world.revive(server);
    server.lagMs = 0;
  }
  world.promote(world.writable[0]!);
  while (world.held.length > 0) world.giveBack(0, 'release');
  for (let i = 0; i < 15; i += 1) {
    replicate(world, i);
    await world.time.advance(1000);
    while (world.held.length > 0) world.giveBack(0, 'release');
  }
  world.check();
  expect(world.callers.filter(({ end }) => end === 'waits')).toEqual([]);
  const leases = [world.connections.write(), world.connections.read()];
  await world.time.advance(1500);
  const served = await Promise.all(leases);
  expect(served.map(({ role }) => role)).toEqual(['primary', 'replica']);
  for (const lease of served) lease.release();
}

test('whatever happens to the servers, nobody gets a connection of a dead or a wrong one, and all come back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.boolean(), fc.array(step, { minLength: 40, maxLength: 80 }), async (max, isCluster, story) => {
      const world = new World(max, isCluster);
      await world.time.advance(10);
      for (const step of story) {
        await step.run(world);
        await settled();
        world.check();
      }
      await heal(world);
      await expectNothingLeft(world.connections, world.time, world.servers);
    }),
    { numRuns: 200 },
  );
}, 60_000);
