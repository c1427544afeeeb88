import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FakeTime, settled } from '../test/fake-time.ts';
import type { Check, CheckResult, ComponentOptions, StatusChange } from './component.ts';
import { HealthMonitor } from './health-monitor.ts';

const up: CheckResult = { status: 'up' };

function setUp(): { time: FakeTime; monitor: HealthMonitor; changes: StatusChange[] } {
  const time = new FakeTime();
  const changes: StatusChange[] = [];
  const monitor = new HealthMonitor({ clock: time, timers: time, changed: (change) => changes.push(change) });
  return { time, monitor, changes };
}

function component(name: string, check: Check, more: Partial<ComponentOptions> = {}): ComponentOptions {
  return { name, kind: 'database', check, fall: 1, rise: 1, ...more };
}

const failing =
  (error: unknown): Check =>
  () =>
    Promise.reject(error);

describe('readiness', () => {
  test('it is not ready while it warms or drains, and says which', async () => {
    const { monitor } = setUp();
    expect(await monitor.ready()).toMatchObject({ isReady: false, reasons: [{ reason: 'warming' }] });
    monitor.enter('serving');
    expect(await monitor.ready()).toEqual({ isReady: true, phase: 'serving', reasons: [], checks: {} });
    monitor.enter('draining');
    expect(await monitor.ready()).toMatchObject({ isReady: false, reasons: [{ reason: 'draining' }] });
  });

  test('something critical that is down takes it out of traffic, something else does not', async () => {
    const { monitor } = setUp();
    monitor.enter('serving');
    const remove = monitor.register(component('database', () => ({ status: 'down' }), { isCritical: true }));
    monitor.register(component('redis', () => ({ status: 'down' })));
    expect(await monitor.ready()).toMatchObject({ isReady: false, reasons: [{ component: 'database', reason: 'down' }], checks: { database: 'down' } });
    remove();
    expect(await monitor.ready()).toMatchObject({ isReady: true, checks: { redis: 'unknown' } });
    expect(await monitor.summary()).toEqual({ status: 'degraded', phase: 'serving', components: { unknown: 0, up: 0, degraded: 0, down: 1 } });
  });

  test('something critical that is degraded still serves', async () => {
    const { monitor } = setUp();
    monitor.enter('serving');
    monitor.register(component('replica', () => ({ status: 'degraded', reason: 'lagging' }), { isCritical: true }));
    expect(await monitor.ready()).toMatchObject({ isReady: true, checks: { replica: 'degraded' } });
  });

  test('it lives whatever others do', () => {
    const { monitor } = setUp();
    monitor.register(component('database', () => ({ status: 'down' }), { isCritical: true }));
    expect(monitor.live()).toEqual({ status: 'up' });
  });
});

describe('checks', () => {
  test('one that hangs is down after its deadline, is told to stop, and is not started again beside itself', async () => {
    const { time, monitor } = setUp();
    const signals: AbortSignal[] = [];
    const { promise, resolve } = Promise.withResolvers<CheckResult>();
    const hang: Check = (signal) => {
      signals.push(signal);
      return promise;
    };
    monitor.register(component('database', hang, { deadlineMs: 100, ttlMs: 1000 }));
    const report = monitor.component('database');
    await time.advance(100);
    expect(await report).toMatchObject({ status: 'down', reason: 'timeout', latencyMs: 100 });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    await time.advance(1000);
    expect(await monitor.component('database')).toMatchObject({ status: 'down', reason: 'timeout', failures: 2 });
    expect(signals).toHaveLength(1);

    resolve(up);
    await settled();
    expect(await monitor.component('database')).toMatchObject({ status: 'down' });
    await time.advance(1000);
    expect(await monitor.component('database')).toMatchObject({ status: 'up' });
    expect(signals).toHaveLength(2);
  });

  test('however many ask, it runs once until its result is old', async () => {
    const { time, monitor } = setUp();
    let runs = 0;
    monitor.register(component('database', () => ({ status: 'up', details: { runs: (runs += 1) } }), { ttlMs: 1000, isCritical: true }));
    await Promise.all([monitor.ready(), monitor.summary(), monitor.detailed(), monitor.component('database')]);
    expect(runs).toBe(1);
    await time.advance(999);
    await monitor.detailed();
    expect(runs).toBe(1);
    await time.advance(1);
    expect(await monitor.component('database')).toMatchObject({ details: { runs: 2 } });
  });

  test('what it throws is told by its code, never by its message', async () => {
    const { monitor } = setUp();
    monitor.register(component('coded', failing(Object.assign(new Error('mysql://root:hunter2@db1'), { code: 'ECONNREFUSED' }))));
    monitor.register(component('wrapped', failing(new Error('hunter2', { cause: Object.assign(new Error('hunter2'), { code: 'ETIMEDOUT' }) }))));
    monitor.register(component('plain', failing(new Error('hunter2'))));
    monitor.register(component('sentence', () => ({ status: 'down', reason: 'no route to db1, password hunter2' })));
    monitor.register(component('sloppy', () => JSON.parse('{"status":"fine","details":{"secret":"hunter2"}}')));
    const { components } = await monitor.detailed();
    expect(Object.fromEntries(components.map(({ name, reason }) => [name, reason]))).toEqual({
      coded: 'ECONNREFUSED',
      wrapped: 'ETIMEDOUT',
      plain: 'failed',
      sentence: 'other',
      sloppy: 'invalid-result',
    });
    expect(components.every(({ status }) => status === 'down')).toBe(true);
    expect(JSON.stringify(components)).not.toContain('hunter2');
  });

  test('details keep what is short and flat', async () => {
    const { monitor } = setUp();
    const details = JSON.parse(JSON.stringify({ rows: 3, ok: true, text: 'x'.repeat(500), nested: { secret: 1 }, none: null }));
    monitor.register(component('database', () => ({ status: 'up', details })));
    expect((await monitor.component('database'))?.details).toEqual({ rows: 3, ok: true, text: 'x'.repeat(200) });
  });
});

describe('changes', () => {
  test('they are told once, with the time since when, and blips are not', async () => {
    const { time, monitor, changes } = setUp();
    const startedAt = time.now();
    const results: CheckResult[] = [up, { status: 'down', reason: 'blip' }, up, { status: 'down', reason: 'gone' }, { status: 'down', reason: 'gone' }];
    monitor.register(component('database', () => results.shift() ?? up, { fall: 2, rise: 2, ttlMs: 1000 }));
    monitor.start();
    await time.advance(4000);
    expect(changes.map(({ from, to, reason, at }) => [from, to, reason, at - startedAt])).toEqual([
      ['unknown', 'up', undefined, 0],
      ['up', 'down', 'gone', 4000],
    ]);
    expect(monitor.snapshot()).toMatchObject([{ status: 'down', since: startedAt + 4000, lastResult: 'down', failures: 2 }]);
    monitor.stop();
    expect(time.pending).toBe(0);
  });

  test('what is taken out is told of no more, and its name is free', async () => {
    const { time, monitor, changes } = setUp();
    monitor.start();
    const { promise, resolve } = Promise.withResolvers<CheckResult>();
    let signal: AbortSignal | undefined;
    const remove = monitor.register(
      component('game', (given) => {
        signal = given;
        return promise;
      }),
    );
    expect(() => monitor.register(component('game', () => up))).toThrow(expect.objectContaining({ code: 'ERR_HEALTH_CLASH' }));
    remove();
    expect(signal?.aborted).toBe(true);
    monitor.register(component('game', () => ({ status: 'degraded' })));
    remove(); // its own, and not the one that has its name now
    expect(monitor.snapshot()).toHaveLength(1);
    resolve({ status: 'down' });
    await time.advance(0);
    expect(changes).toMatchObject([{ name: 'game', to: 'degraded' }]);
    monitor.stop();
    expect(time.pending).toBe(0);
  });

  test('a listener that throws disturbs no answer', async () => {
    const time = new FakeTime();
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', resolve);
    const monitor = new HealthMonitor({
      clock: time,
      timers: time,
      changed: () => {
        throw new Error('listener');
      },
    });
    monitor.register(component('database', () => up));
    expect(await monitor.component('database')).toMatchObject({ status: 'up' });
    expect(await promise).toMatchObject({ message: 'listener' });
    for (const listener of listeners) process.on('uncaughtException', listener);
  });
});

test.each([
  [{ name: 'db1.example:3306/x' }, 'name'],
  [{ kind: 'a b' }, 'kind'],
  [{ deadlineMs: 0 }, 'deadlineMs'],
  [{ ttlMs: -1 }, 'ttlMs'],
  [{ fall: 0 }, 'fall'],
  [{ rise: 1.5 }, 'rise'],
])('a setting that makes no sense is named: %j', (wrong, field) => {
  const { monitor } = setUp();
  expect(() => monitor.register(component('database', () => up, wrong))).toThrow(
    expect.objectContaining({ code: 'ERR_HEALTH_OPTIONS', message: expect.stringContaining(field) }),
  );
});

test('whatever checks answer and whoever asks when, no check runs twice at once or sooner than its results age, and readiness follows the statuses', async () => {
  const step = fc.record({
    waitMs: fc.integer({ min: 0, max: 1500 }),
    ask: fc.constantFrom('ready', 'detailed', 'none'),
    answer: fc.constantFrom('up', 'degraded', 'down', 'throw', 'hang', 'release'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.boolean(), async (steps, isCritical) => {
      const { time, monitor } = setUp();
      monitor.enter('serving');
      const world = new World(time);
      monitor.register(component('part', world.check, { isCritical, ttlMs: 500, deadlineMs: 200, fall: 2, rise: 2 }));
      monitor.start();
      for (const { waitMs, ask, answer } of steps) {
        if (answer === 'release') world.release();
        else world.answer = answer;
        if (ask !== 'none') void monitor[ask]();
        await time.advance(waitMs);
        // The watch may look again meanwhile: the answer is held against what was known when it was given.
        const answered = monitor.ready().then(({ isReady }) => ({ isReady, report: monitor.snapshot()[0] }));
        await time.advance(200);
        const { isReady, report } = await answered;
        expect(isReady).toBe(!(isCritical && (report?.status === 'down' || report?.status === 'unknown')));
      }
      monitor.stop();
      expect(world.faults).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

/** A part that answers as it is told, and watches how it is asked. */
class World {
  answer: 'up' | 'degraded' | 'down' | 'throw' | 'hang' = 'up';
  readonly faults: string[] = [];
  readonly #time: FakeTime;
  readonly #hanging: ((result: CheckResult) => void)[] = [];
  #running = 0;
  #startedAt = -Infinity;

  constructor(time: FakeTime) {
    this.#time = time;
  }

  readonly check: Check = async () => {
    if (this.#running > 0) this.faults.push('twice at once');
    if (this.#time.now() - this.#startedAt < 500) this.faults.push('too soon');
    this.#startedAt = this.#time.now();
    this.#running += 1;
    try {
      const { answer } = this;
      if (answer === 'throw') throw new Error('thrown');
      if (answer !== 'hang') return { status: answer };
      return await new Promise((resolve) => {
        this.#hanging.push(resolve);
      });
    } finally {
      this.#running -= 1;
    }
  };

  release(): void {
    for (const resolve of this.#hanging.splice(0)) resolve({ status: 'up' });
  }
}
