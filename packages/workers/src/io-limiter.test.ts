import { AsyncLocalStorage } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IoLimiter, type IoLimiterListener, type IoLimiterOptions } from './io-limiter.ts';
import { settleMicrotasks } from './test/fake-threads.ts';
import { FakeTime } from './test/fake-time.ts';

const code = (name: string) => expect.objectContaining({ code: name });

function limiterOf(options: Partial<IoLimiterOptions> = {}): { readonly limiter: IoLimiter; readonly time: FakeTime } {
  const time = new FakeTime();
  return { time, limiter: new IoLimiter({ name: 'io', maxRunning: 1, clock: time, timers: time, ...options }) };
}

/** A call that ends when the test says so. */
class Call {
  readonly #end: PromiseWithResolvers<string> = Promise.withResolvers();
  isRunning = false;

  readonly begin = (): Promise<string> => {
    this.isRunning = true;
    return this.#end.promise;
  };

  end(result = 'done'): void {
    this.isRunning = false;
    this.#end.resolve(result);
  }
}

describe('permits', () => {
  test('what has a permit begins at once, and its result is handed on', async () => {
    const { limiter } = limiterOf();
    const call = new Call();
    const result = limiter.run(call.begin);
    expect(call.isRunning).toBe(true);
    expect(limiter.stats()).toMatchObject({ running: 1, waiting: 0 });
    call.end('mail sent');
    await expect(result).resolves.toBe('mail sent');
    expect(limiter.stats()).toMatchObject({ running: 0, completed: 1 });
  });

  test.each([
    [
      'throws',
      (): never => {
        throw new RangeError('x');
      },
    ],
    ['rejects', (): Promise<never> => Promise.reject(new RangeError('x'))],
  ])('a call that %s gives its permit back', async (_, call) => {
    const { limiter } = limiterOf();
    await expect(limiter.run(call)).rejects.toThrow(RangeError);
    expect(limiter.stats()).toMatchObject({ running: 0, failed: 1, completed: 0 });
    await expect(limiter.run(() => 1)).resolves.toBe(1);
  });

  test('who comes first is served first', async () => {
    const { limiter } = limiterOf();
    const order: number[] = [];
    await Promise.all([0, 1, 2, 3].map((id) => limiter.run(() => order.push(id))));
    expect(order).toEqual([0, 1, 2, 3]);
  });

  test('a call begins in the async context of its own caller', async () => {
    const { limiter } = limiterOf();
    const context = new AsyncLocalStorage<string>();
    const first = new Call();
    const running = context.run('first', () => limiter.run(first.begin));
    const second = context.run('second', () => limiter.run(() => context.getStore()));
    context.run('who ends it', () => first.end());
    await running;
    await expect(second).resolves.toBe('second');
  });
});

describe('waiting', () => {
  test('too many who wait are refused at once', async () => {
    const { limiter } = limiterOf({ maxWaiting: 1 });
    const call = new Call();
    const all = [limiter.run(call.begin), limiter.run(() => 'second')];
    await expect(limiter.run(() => 'third')).rejects.toEqual(code('ERR_WORKERS_OVERLOADED'));
    expect(limiter.stats()).toMatchObject({ running: 1, waiting: 1, refused: 1 });
    call.end();
    await expect(Promise.all(all)).resolves.toEqual(['done', 'second']);
  });

  test('with maxWaiting 0 nobody waits', async () => {
    const { limiter } = limiterOf({ maxWaiting: 0 });
    const call = new Call();
    const first = limiter.run(call.begin);
    await expect(limiter.run(() => 1)).rejects.toEqual(code('ERR_WORKERS_OVERLOADED'));
    call.end();
    await first;
  });

  test('a waiter that timed out never swallows a permit, and its call never begins', async () => {
    const { limiter, time } = limiterOf({ timeoutMs: 100 });
    const [first, second, third] = [new Call(), new Call(), new Call()];
    const running = limiter.run(first.begin);
    const late = limiter.run(second.begin);
    const patient = limiter.run(third.begin, { timeoutMs: 500 });
    const refused = expect(late).rejects.toEqual(code('ERR_WORKERS_TIMEOUT'));
    time.advance(99);
    expect(limiter.stats().waiting).toBe(2);
    time.advance(1);
    await refused;
    first.end();
    await running;
    await settleMicrotasks();
    expect(second.isRunning).toBe(false);
    expect(third.isRunning).toBe(true);
    expect(limiter.stats()).toMatchObject({ running: 1, waiting: 0, timedOut: 1, waitMs: { p95: 100 } });
    time.advance(10_000);
    third.end();
    await expect(patient).resolves.toBe('done');
  });

  test('a waiter that was aborted gets the reason and never swallows a permit', async () => {
    const { limiter } = limiterOf();
    const [first, second] = [new Call(), new Call()];
    const controller = new AbortController();
    const running = limiter.run(first.begin);
    const aborted = limiter.run(second.begin, { signal: controller.signal });
    const last = limiter.run(() => 'last');
    controller.abort(new RangeError('gone away'));
    await expect(aborted).rejects.toThrow('gone away');
    first.end();
    await running;
    await expect(last).resolves.toBe('last');
    expect(second.isRunning).toBe(false);
    expect(limiter.stats()).toMatchObject({ running: 0, waiting: 0, aborted: 1 });
  });

  test('what was aborted before takes nothing', async () => {
    const { limiter } = limiterOf();
    const call = new Call();
    await expect(limiter.run(call.begin, { signal: AbortSignal.abort(new RangeError('before')) })).rejects.toThrow('before');
    expect(call.isRunning).toBe(false);
    expect(limiter.stats()).toMatchObject({ running: 0, waiting: 0 });
  });

  test('once it runs, abort and time are its own affair, and nothing is left behind', async () => {
    const { limiter, time } = limiterOf({ timeoutMs: 10 });
    const [first, second] = [new Call(), new Call()];
    const controller = new AbortController();
    const all = [limiter.run(first.begin), limiter.run(second.begin, { signal: controller.signal })];
    first.end();
    await all[0];
    expect(time.pending).toBe(0);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    controller.abort();
    expect(limiter.stats()).toMatchObject({ running: 1, aborted: 0, timedOut: 0 });
    second.end();
    await expect(all[1]).resolves.toBe('done');
  });
});

describe('size', () => {
  test('a larger bound lets waiters in at once', async () => {
    const { limiter } = limiterOf();
    const calls = Array.from({ length: 4 }, () => new Call());
    const all = calls.map((call) => limiter.run(call.begin));
    limiter.resize(3);
    await settleMicrotasks();
    expect(calls.map(({ isRunning }) => isRunning)).toEqual([true, true, true, false]);
    limiter.resize(4);
    for (const call of calls) call.end();
    await Promise.all(all);
  });

  test('a smaller bound lets what runs end, and nobody in before', async () => {
    const { limiter } = limiterOf({ maxRunning: 2 });
    const calls = Array.from({ length: 3 }, () => new Call());
    const all = calls.map((call) => limiter.run(call.begin));
    limiter.resize(1);
    expect(limiter.stats()).toMatchObject({ maxRunning: 1, running: 2, waiting: 1 });
    calls[0]?.end();
    await all[0];
    expect(calls[2]?.isRunning).toBe(false);
    calls[1]?.end();
    await all[1];
    await settleMicrotasks();
    expect(calls[2]?.isRunning).toBe(true);
    calls[2]?.end();
    await all[2];
  });
});

test('a listener hears waits and refusals', async () => {
  const heard: unknown[] = [];
  const listener: IoLimiterListener = { onStart: (event) => heard.push(event), onRefused: (event) => heard.push(event) };
  const { limiter, time } = limiterOf({ maxWaiting: 1, listener });
  const call = new Call();
  const all = [limiter.run(call.begin), limiter.run(() => 1)];
  await limiter.run(() => 2).catch(() => {});
  time.advance(7);
  call.end();
  await Promise.all(all);
  const late = new Call();
  const running = limiter.run(late.begin);
  const given = limiter.run(() => 3, { timeoutMs: 5 }).catch(() => {});
  time.advance(5);
  await given;
  expect(heard).toEqual([
    { limiter: 'io', waitMs: 0 },
    { limiter: 'io', code: 'ERR_WORKERS_OVERLOADED' },
    { limiter: 'io', waitMs: 7 },
    { limiter: 'io', waitMs: 0 },
    { limiter: 'io', code: 'ERR_WORKERS_TIMEOUT' },
  ]);
  late.end();
  await running;
});

test.each([
  [{ name: '' }],
  [{ maxRunning: 0 }],
  [{ maxRunning: 1.5 }],
  [{ maxRunning: Number.NaN }],
  [{ maxWaiting: -1 }],
  [{ maxWaiting: 0.5 }],
  [{ timeoutMs: 0 }],
  [{ timeoutMs: Number.NaN }],
  [{ timeoutMs: 2 ** 31 }],
])('unsound options are told at construction: %j', (options) => {
  expect(() => limiterOf(options)).toThrow(code('ERR_WORKERS_OPTIONS'));
});

test('unsound arguments are told and take nothing', async () => {
  const { limiter } = limiterOf();
  expect(() => limiter.resize(0)).toThrow(code('ERR_WORKERS_OPTIONS'));
  await expect(limiter.run(() => 1, { timeoutMs: -1 })).rejects.toEqual(code('ERR_WORKERS_OPTIONS'));
  expect(limiter.stats()).toMatchObject({ maxRunning: 1, running: 0 });
});

interface Caller {
  readonly call: Call;
  readonly controller: AbortController;
  readonly dueAt: number;
  state: 'waiting' | 'running' | 'settled';
  settled: number;
  outcome: string | undefined;
}

test('property: permits are never exceeded, every caller settles once and as the model says, first come first served', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('run' as const), timeoutMs: fc.integer({ min: 1, max: 50 }) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat(10) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort' as const), which: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 40 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('resize' as const), to: fc.integer({ min: 1, max: 4 }) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.nat(5), fc.array(step, { maxLength: 60 }), async (maxRunning, maxWaiting, steps) => {
      const { limiter, time } = limiterOf({ maxRunning, maxWaiting });
      const callers: Caller[] = [];
      let bound = maxRunning;
      const inState = (state: Caller['state']): Caller[] => callers.filter((caller) => caller.state === state);
      const grant = (): void => {
        for (const caller of inState('waiting')) if (inState('running').length < bound) caller.state = 'running';
      };
      const expected = new Map<Caller, string>();
      const settle = (caller: Caller, outcome: string): void => {
        caller.state = 'settled';
        expected.set(caller, outcome);
        grant();
      };
      const run = (timeoutMs: number): void => {
        const caller: Caller = {
          call: new Call(),
          controller: new AbortController(),
          dueAt: time.now() + timeoutMs,
          state: 'waiting',
          settled: 0,
          outcome: undefined,
        };
        const told = (outcome: string): void => {
          caller.settled += 1;
          caller.outcome = outcome;
        };
        callers.push(caller);
        const isRefused = inState('running').length >= bound && inState('waiting').length > maxWaiting;
        limiter
          .run(caller.call.begin, { timeoutMs, signal: caller.controller.signal })
          .then(told, (error: { code?: unknown; name: string }) => told(error.name === 'AbortError' ? error.name : String(error.code)));
        if (isRefused) settle(caller, 'ERR_WORKERS_OVERLOADED');
        else grant();
      };
      const end = (caller: Caller | undefined): void => {
        if (caller === undefined) return;
        caller.call.end('done');
        settle(caller, 'done');
      };
      for (const step of steps) {
        if (step.kind === 'run') run(step.timeoutMs);
        if (step.kind === 'end') end(inState('running')[step.which]);
        if (step.kind === 'abort') {
          const caller = callers[step.which];
          caller?.controller.abort();
          if (caller?.state === 'waiting') settle(caller, 'AbortError');
        }
        if (step.kind === 'advance') {
          time.advance(step.ms);
          for (const caller of inState('waiting')) if (caller.dueAt <= time.now()) settle(caller, 'ERR_WORKERS_TIMEOUT');
        }
        if (step.kind === 'resize') {
          bound = step.to;
          limiter.resize(bound);
          grant();
        }
        await settleMicrotasks();
        expect(limiter.stats()).toMatchObject({ running: inState('running').length, waiting: inState('waiting').length });
        // Who runs is exactly whom the model says: that is both the bound and the order.
        for (const caller of callers) expect(caller.call.isRunning).toBe(caller.state === 'running');
      }
      while (inState('running').length > 0) {
        end(inState('running')[0]);
        await settleMicrotasks();
      }
      for (const caller of callers) expect([caller.settled, caller.outcome]).toEqual([1, expected.get(caller)]);
      expect(limiter.stats()).toMatchObject({ running: 0, waiting: 0 });
      expect(time.pending).toBe(0);
    }),
    { numRuns: 150 },
  );
});
