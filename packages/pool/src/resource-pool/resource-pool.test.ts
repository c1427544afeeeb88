import { describe, expect, test, vi } from 'vitest';
import { settled } from '../testing/fake-time.ts';
import { stateOf, type Tool, Workshop } from '../test/workshop.ts';
import type { ResourcePoolOptions } from './options.ts';
import type { Leak } from './listener.ts';
import { ResourcePool } from './resource-pool.ts';

const code = (name: string) => expect.objectContaining({ code: name });

describe('lending', () => {
  test('makes a resource when none is idle, and lends it again when it came back', async () => {
    const { pool, events } = new Workshop();
    const first = await pool.acquire();
    pool.release(first);
    expect(await pool.acquire()).toBe(first);
    expect(events).toEqual(['created 1 0', 'acquired 1 0', 'released 1 0', 'acquired 1 0']);
  });

  test('lends what came back last first, so that the others grow idle', async () => {
    const { pool } = new Workshop({ max: 3 });
    const [a, b, c] = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
    for (const tool of [b, c, a]) pool.release(tool);
    expect([pool.tryAcquire(), pool.tryAcquire(), pool.tryAcquire(), pool.tryAcquire()]).toEqual([a, c, b, undefined]);
  });

  test('makes no more than max, and serves those who wait in the order in which they came', async () => {
    const { pool, creations } = new Workshop({ max: 1 });
    const tool = await pool.acquire();
    const order: number[] = [];
    const waiting = [1, 2, 3].map(async (n) => {
      const got = await pool.acquire();
      order.push(n);
      pool.release(got);
    });
    pool.release(tool);
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
    expect(creations).toHaveLength(1);
  });

  test('tryAcquire makes nothing and overtakes nobody', async () => {
    const { pool, creations, checks, time } = new Workshop({ trustMs: 100, hold: ['check'] });
    expect(pool.tryAcquire()).toBeUndefined();
    expect(creations).toHaveLength(0);
    const [a, b] = await Promise.all([pool.acquire(), pool.acquire()]);
    pool.release(a);
    await time.advance(100);
    pool.release(b);
    expect(pool.tryAcquire()).toBe(b);
    const waiting = pool.acquire(); // for the check of a
    pool.release(b); // goes to the one who waits
    expect(pool.tryAcquire()).toBeUndefined();
    expect(await waiting).toBe(b);
    await checks[0]!.end(true);
    expect(pool.tryAcquire()).toBe(a);
  });

  test('tells how long a caller waited and a borrower held', async () => {
    const { pool, events, time } = new Workshop({ max: 1 });
    const tool = await pool.acquire();
    const waiting = pool.acquire();
    await time.advance(70);
    pool.release(tool);
    await waiting;
    expect(events.slice(2)).toEqual(['released 1 70', 'acquired 1 70']);
  });

  test.each(['acquired', 'released', 'leaked'] as const)('the times are right for a listener that hears of nothing but what was %s', async (event) => {
    const told: number[] = [];
    const listener = {
      acquired: (_: Tool, waitMs: number) => told.push(waitMs),
      released: (_: Tool, heldMs: number) => told.push(heldMs),
      leaked: ({ heldMs }: Leak<Tool>) => told.push(heldMs),
    };
    const leaks = event === 'leaked' ? { leaks: { afterMs: 100 } } : {};
    const { pool, time } = new Workshop({ max: 1, listener: { [event]: listener[event] }, ...leaks });
    await time.advance(5000);
    const tool = await pool.acquire();
    const waiting = pool.acquire();
    await time.advance(700);
    pool.release(tool);
    await waiting;
    await time.advance(1000); // a sweep comes after 300
    expect(told).toEqual({ acquired: [0, 700], released: [700], leaked: [300] }[event]);
  });

  test('a resource is checked in time where there is no listener at all', async () => {
    const { pool, time } = new Workshop({ trustMs: 10, listener: {} });
    pool.release(await pool.acquire());
    await time.advance(10);
    expect(pool.tryAcquire()).toBeUndefined();
  });

  test('usage tells what is where', async () => {
    const { pool, creations, disposals, time } = new Workshop({ max: 3, min: 1, trustMs: 10, hold: ['create', 'destroy', 'check'] });
    expect(pool.usage()).toEqual({ min: 1, max: 3, idle: 0, borrowed: 0, checking: 0, creating: 1, destroying: 0, waiting: 0 });
    const [first] = [pool.acquire(), pool.acquire(), pool.acquire()];
    await creations[0]!.end(creations[0]!.tool);
    await creations[1]!.end(creations[1]!.tool);
    expect(pool.usage()).toMatchObject({ borrowed: 2, creating: 1, waiting: 1 });
    pool.discard(await first);
    expect(pool.usage()).toMatchObject({ borrowed: 1, creating: 1, destroying: 1, waiting: 1 });
    await creations[2]!.end(creations[2]!.tool);
    await disposals[0]!.end();
    pool.release(creations[1]!.tool);
    expect(pool.usage()).toMatchObject({ idle: 1, borrowed: 1, creating: 0, destroying: 0, waiting: 0 });
    await time.advance(10);
    void pool.acquire();
    expect(pool.usage()).toMatchObject({ idle: 0, borrowed: 1, checking: 1, waiting: 1 });
  });
});

describe('giving back', () => {
  test('a second release is told', async () => {
    const { pool } = new Workshop();
    const tool = await pool.acquire();
    pool.release(tool);
    expect(() => pool.release(tool)).toThrow(code('ERR_POOL_NOT_LENT'));
    expect(() => pool.discard(tool)).toThrow(code('ERR_POOL_NOT_LENT'));
    expect(pool.usage()).toMatchObject({ idle: 1, borrowed: 0 });
  });

  test('a resource of no one, of another pool, or discarded before is told', async () => {
    const { pool } = new Workshop();
    const foreign = await new Workshop().pool.acquire();
    const broken = await pool.acquire();
    pool.discard(broken);
    for (const tool of [{ id: 1 }, foreign, broken]) {
      expect(() => pool.release(tool)).toThrow(code('ERR_POOL_NOT_LENT'));
      expect(() => pool.discard(tool)).toThrow(code('ERR_POOL_NOT_LENT'));
    }
  });

  test('a discarded resource is destroyed and its place is free when that is over', async () => {
    const { pool, events, disposals, creations } = new Workshop({ max: 1, hold: ['destroy'] });
    const tool = await pool.acquire();
    const waiting = pool.acquire();
    pool.discard(tool);
    expect(await stateOf(waiting)).toBe('pending');
    expect(creations).toHaveLength(1);
    await disposals[0]!.end();
    expect(await waiting).toEqual({ id: 2 });
    expect(events.slice(2)).toEqual(['released 1 0', 'destroyed 1 discarded', 'created 2 0', 'acquired 2 0']);
  });

  test.each([
    [
      'throws',
      (): never => {
        throw new Error('broken');
      },
    ],
    ['rejects', (): Promise<never> => Promise.reject(new Error('broken'))],
  ])('a destroy that %s frees the place all the same', async (_, destroy) => {
    const { pool, events } = new Workshop({ max: 1, destroy });
    pool.discard(await pool.acquire());
    expect(await pool.acquire()).toEqual({ id: 2 });
    expect(events).toContain('destroyFailed 1 discarded');
  });

  test('a destroy that hangs frees the place when its time is up', async () => {
    const { pool, events, time, disposals } = new Workshop({ max: 1, destroyTimeoutMs: 500, hold: ['destroy'] });
    pool.discard(await pool.acquire());
    const waiting = pool.acquire();
    await time.advance(499);
    expect(await stateOf(waiting)).toBe('pending');
    await time.advance(1);
    expect(await waiting).toEqual({ id: 2 });
    await disposals[0]!.end();
    expect(events.filter((event) => event.startsWith('destroy'))).toEqual(['destroyFailed 1 discarded']);
    expect(pool.usage()).toMatchObject({ destroying: 0 });
  });
});

describe('waiting', () => {
  test('a waiter that timed out never swallows a resource', async () => {
    // cap-js/cds-dbs#1721: a released resource went to a waiter that had left, and was lost to all.
    const { pool, time } = new Workshop({ max: 1, acquireTimeoutMs: 100 });
    const tool = await pool.acquire();
    const late = [pool.acquire(), pool.acquire()].map((each) => expect(each).rejects.toThrow(code('ERR_POOL_TIMEOUT')));
    await time.advance(60);
    const patient = pool.acquire();
    await time.advance(40);
    await Promise.all(late);
    pool.release(tool);
    expect(await patient).toBe(tool);
    pool.release(tool);
    expect(pool.tryAcquire()).toBe(tool);
  });

  test('a waiter that was aborted never swallows a resource', async () => {
    const { pool, events } = new Workshop({ max: 1 });
    const tool = await pool.acquire();
    const controller = new AbortController();
    const aborted = pool.acquire({ signal: controller.signal });
    const patient = pool.acquire();
    const reason = new Error('the client left');
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    expect(events.at(-1)).toBe('acquireFailed aborted 0');
    pool.release(tool);
    expect(await patient).toBe(tool);
  });

  test('an aborted signal gets nothing, even where a resource is idle', async () => {
    const { pool } = new Workshop();
    pool.release(await pool.acquire());
    await expect(pool.acquire({ signal: AbortSignal.abort('over') })).rejects.toBe('over');
    expect(pool.usage()).toMatchObject({ idle: 1, borrowed: 0 });
  });

  test('a served waiter does not hear its signal any more', async () => {
    const { pool } = new Workshop({ max: 1 });
    const tool = await pool.acquire();
    const controller = new AbortController();
    const removed = vi.spyOn(controller.signal, 'removeEventListener');
    const waiting = pool.acquire({ signal: controller.signal });
    pool.release(tool);
    expect(await waiting).toBe(tool);
    expect(removed).toHaveBeenCalledOnce();
    controller.abort();
    pool.release(tool);
    expect(pool.usage()).toMatchObject({ idle: 1, waiting: 0 });
  });

  test('each waits as long as it said, in whatever order', async () => {
    const { pool, time, events } = new Workshop({ max: 1 });
    await pool.acquire();
    const ends: string[] = [];
    const waitFor = (timeoutMs: number) => pool.acquire({ timeoutMs }).catch(() => ends.push(`${timeoutMs} at ${time.now()}`));
    const all = [300, 100, 200, 150].map(waitFor);
    const forever = pool.acquire({ timeoutMs: Infinity });
    await time.advance(400);
    await Promise.all(all);
    expect(ends).toEqual(['100 at 100', '150 at 150', '200 at 200', '300 at 300']);
    expect(events.slice(2)).toEqual(['acquireFailed timeout 100', 'acquireFailed timeout 150', 'acquireFailed timeout 200', 'acquireFailed timeout 300']);
    await time.advance(100_000);
    expect(await stateOf(forever)).toBe('pending');
  });

  test('one timer serves all who wait', async () => {
    const { pool, time } = new Workshop({ max: 1, sweepEveryMs: 77 });
    await pool.acquire();
    for (let i = 0; i < 10; i += 1) void pool.acquire().catch(() => undefined);
    expect(time.pending).toEqual([77, 30_000]);
  });

  test('waiters are bounded: who comes to too long a queue is turned away at once', async () => {
    // coopernurse/node-pool#108: the queue grew without bounds.
    const { pool, events } = new Workshop({ max: 1, maxWaiting: 2 });
    const tool = await pool.acquire();
    const waiting = [pool.acquire(), pool.acquire()];
    await expect(pool.acquire()).rejects.toThrow(code('ERR_POOL_OVERLOADED'));
    expect(events.at(-1)).toBe('acquireFailed overloaded 0');
    pool.release(tool);
    pool.release((await waiting[0])!);
    expect(await waiting[1]).toBe(tool);
    const last = pool.acquire();
    pool.release(tool);
    expect(await last).toBe(tool);
  });

  test('those above a max that has fallen take no place in the queue', async () => {
    const { pool } = new Workshop({ max: 3, maxWaiting: 2 });
    await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
    pool.resize({ max: 1 });
    const waiting = [pool.acquire(), pool.acquire()];
    await expect(pool.acquire()).rejects.toThrow(code('ERR_POOL_OVERLOADED'));
    expect(await Promise.all(waiting.map(stateOf))).toEqual(['pending', 'pending']);
  });

  test('with no waiting allowed, those for whom there is room are served all the same', async () => {
    // coopernurse/node-pool#234
    const { pool, creations, checks, time } = new Workshop({ max: 2, maxWaiting: 0, trustMs: 10, hold: ['create', 'check'] });
    const [a, b, c] = [pool.acquire(), pool.acquire(), pool.acquire()];
    await expect(c).rejects.toThrow(code('ERR_POOL_OVERLOADED'));
    for (const job of creations) await job.end(job.tool);
    pool.release(await a);
    await b;
    await time.advance(10);
    const [checked, tooMany] = [pool.acquire(), pool.acquire()];
    await expect(tooMany).rejects.toThrow(code('ERR_POOL_OVERLOADED'));
    await checks[0]!.end(true);
    expect(await checked).toEqual({ id: 1 });
  });

  test('with no waiting allowed, who comes while the last resource is destroyed gets the next', async () => {
    const { pool, disposals } = new Workshop({ max: 1, maxWaiting: 0, hold: ['destroy'] });
    pool.discard(await pool.acquire());
    const [patient, tooMany] = [pool.acquire(), pool.acquire()];
    await expect(tooMany).rejects.toThrow(code('ERR_POOL_OVERLOADED'));
    await disposals[0]!.end();
    expect(await patient).toEqual({ id: 2 });
  });

  test.each([0, -1, Number.NaN])('a time-out of %d ms is refused', async (timeoutMs) => {
    const { pool } = new Workshop({ max: 1 });
    await expect(pool.acquire({ timeoutMs })).rejects.toThrow(code('ERR_POOL_OPTIONS'));
  });
});

describe('use', () => {
  test('gives back, and hands on what the work gave', async () => {
    const { pool } = new Workshop();
    expect(await pool.use(({ id }) => id * 2)).toBe(2);
    expect(await pool.use(async ({ id }) => id * 3)).toBe(3);
    expect(pool.usage()).toMatchObject({ idle: 1, borrowed: 0 });
  });

  test.each([
    [
      'throws',
      (): never => {
        throw new RangeError('no');
      },
    ],
    ['rejects', (): Promise<never> => Promise.reject(new RangeError('no'))],
  ])('gives back what the work had when it %s, to be checked before the next loan', async (_, work) => {
    const { pool, checks } = new Workshop({ trustMs: 1000 });
    await expect(pool.use(work)).rejects.toThrow(RangeError);
    expect(pool.usage()).toMatchObject({ idle: 1, borrowed: 0 });
    expect(checks).toHaveLength(0);
    expect(pool.tryAcquire()).toBeUndefined();
    await pool.acquire();
    expect(checks).toHaveLength(1);
  });

  test('without a health check what the work left behind is lent again', async () => {
    const { pool } = new Workshop();
    await expect(pool.use(() => Promise.reject(new RangeError('no')))).rejects.toThrow(RangeError);
    expect(pool.tryAcquire()).toEqual({ id: 1 });
  });

  test('lets the work discard', async () => {
    const { pool, events } = new Workshop();
    await pool.use((tool) => pool.discard(tool));
    await settled();
    expect(events.at(-1)).toBe('destroyed 1 discarded');
  });

  test('waits as it is told', async () => {
    const { pool, time } = new Workshop({ max: 1 });
    await pool.acquire();
    const work = vi.fn<() => void>();
    const used = expect(pool.use(work, { timeoutMs: 10 })).rejects.toThrow(code('ERR_POOL_TIMEOUT'));
    await time.advance(10);
    await used;
    expect(work).not.toHaveBeenCalled();
  });
});

describe('a listener', () => {
  test('that throws disturbs neither the pool nor its callers, and is not passed over in silence', async () => {
    const mistake = new Error('of the listener');
    const fail = (): never => {
      throw mistake;
    };
    const queued: (() => void)[] = [];
    vi.stubGlobal('queueMicrotask', (callback: () => void) => queued.push(callback));
    const { pool } = new Workshop({ max: 1, listener: { created: fail, acquired: fail, released: fail, destroyed: fail } });
    const tool = await pool.acquire();
    pool.release(tool);
    pool.discard(await pool.acquire());
    expect(await pool.acquire()).toEqual({ id: 2 });
    vi.unstubAllGlobals();
    expect(queued.length).toBeGreaterThanOrEqual(7);
    for (const callback of queued) expect(callback).toThrow(mistake);
  });

  test('may call the pool', async () => {
    const got: Promise<Tool>[] = [];
    const workshop: Workshop = new Workshop({ max: 1, listener: { released: () => got.length < 2 && got.push(workshop.pool.acquire()) } });
    const { pool } = workshop;
    pool.release(await pool.acquire());
    pool.release((await got[0])!);
    expect(await got[1]).toEqual({ id: 1 });
    expect(pool.usage()).toMatchObject({ borrowed: 1, idle: 0, waiting: 0 });
  });

  test.each(['created', 'released', 'acquired'] as const)('may end the pool when it hears that something was %s', async (event) => {
    const workshop: Workshop = new Workshop({ max: 1, listener: { [event]: () => void workshop.pool.close({ graceMs: 0 }) } });
    const { pool, disposals } = workshop;
    await pool.acquire().then(
      (tool) => pool.release(tool),
      () => undefined,
    );
    await pool.close();
    expect(disposals).toHaveLength(1);
    expect(pool.usage()).toMatchObject({ idle: 0, borrowed: 0, destroying: 0, waiting: 0 });
    expect(workshop.time.pending).toEqual([]);
  });

  test('may serve, when it hears of one that timed out, the next whose time is up too', async () => {
    let lent: Tool | undefined;
    const workshop: Workshop = new Workshop({
      max: 1,
      acquireTimeoutMs: 50,
      listener: {
        acquireFailed: () => {
          if (lent !== undefined) workshop.pool.release(lent);
          lent = undefined;
        },
      },
    });
    const { pool, time } = workshop;
    lent = await pool.acquire();
    const tool = lent;
    const late = expect(pool.acquire()).rejects.toThrow(code('ERR_POOL_TIMEOUT'));
    const lucky = pool.acquire();
    await time.advance(50);
    await late;
    expect(await lucky).toBe(tool);
    expect(pool.usage()).toMatchObject({ borrowed: 1, waiting: 0 });
    pool.release(tool);
    expect(pool.usage()).toMatchObject({ idle: 1 });
  });
});

const refused: Partial<ResourcePoolOptions<Tool>>[] = [
  { max: 0 },
  { max: 1.5 },
  { max: Number.NaN },
  { min: -1 },
  { min: 3, max: 2 },
  { maxWaiting: -1 },
  { maxWaiting: 0.5 },
  { acquireTimeoutMs: 0 },
  { createTimeoutMs: -1 },
  { destroyTimeoutMs: 0 },
  { idleTimeoutMs: Number.NaN },
  { maxLifetimeMs: 0 },
  { lifetimeJitter: 1.1 },
  { lifetimeJitter: -0.1 },
  { sweepEveryMs: 0 },
  { backoff: { firstMs: 0 } },
  { backoff: { maxMs: -1 } },
  { leaks: { afterMs: 0 } },
  { leaks: { afterMs: 1, sampleEvery: 0 } },
  { health: { check: () => true, trustMs: -1 } },
  { health: { check: () => true, everyMs: 0 } },
  { health: { check: () => true, timeoutMs: 0 } },
];
test.each(refused)('%j is refused', (options) => {
  expect(() => new Workshop(options)).toThrow(code('ERR_POOL_OPTIONS'));
});

test('the timers of the process do not keep it alive', async () => {
  const set = vi.spyOn(globalThis, 'setTimeout');
  const pool = new ResourcePool({ create: () => ({}), destroy: () => undefined, max: 1 });
  await pool.acquire({ timeoutMs: 1e12 });
  void pool.acquire().catch(() => undefined);
  void pool.close().catch(() => undefined);
  const timers: NodeJS.Timeout[] = set.mock.results.map(({ value }) => value);
  // Above, setTimeout fires at once.
  expect(Math.max(...set.mock.calls.map(([, delayMs]) => delayMs ?? 0))).toBe(2 ** 31 - 1);
  set.mockRestore();
  expect(timers.length).toBeGreaterThanOrEqual(4); // create, sweep, wait, grace
  expect(timers.map((timer) => timer.hasRef())).not.toContain(true);
  await pool.close({ graceMs: 0 });
});
