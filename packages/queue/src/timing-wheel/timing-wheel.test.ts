import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { FakeTime } from '../test/fake-time.ts';
import { isCollected } from '../test/garbage.ts';
import { TimingWheel } from './timing-wheel.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

let time: FakeTime;
let fired: { readonly value: string; readonly atMs: number }[];
let startMs: number;
let wheel: TimingWheel<string>;
beforeEach(() => {
  time = new FakeTime();
  startMs = time.now();
  fired = [];
  wheel = new TimingWheel<string>({ fire: (value) => fired.push({ value, atMs: time.now() - startMs }), clock: time, timers: time });
});

function values(): string[] {
  return fired.map(({ value }) => value);
}

describe('when a timer fires', () => {
  test.each([0, 1, 9, 10, 11, 319, 320, 321, 10_239, 10_240, 327_680, hourMs, dayMs, 123 * dayMs, 125 * dayMs, 400 * dayMs])(
    'after %d ms: not early, at most a tick late',
    (delayMs) => {
      time.advance(7);
      wheel.start(delayMs, 'a');
      time.advance(delayMs - 1);
      expect(fired).toEqual([]);
      time.advance(11);
      expect(values()).toEqual(['a']);
      expect(wheel.size).toBe(0);
    },
  );

  test('a delay of 0 never fires before start has returned, nor in the same tick for ever', () => {
    let left = 100;
    const again = new TimingWheel<() => void>({ fire: (callback) => callback(), clock: time, timers: time });
    const restart = (): void => {
      left -= 1;
      if (left > 0) again.start(0, restart);
    };
    again.start(0, restart);
    expect(left).toBe(100);
    time.advance(10);
    expect(left).toBe(99);
    time.advance(990);
    expect(left).toBe(0);
  });

  test('by deadline, and in the order of their start within a tick', () => {
    wheel.start(5000, 'c');
    wheel.start(500, 'a');
    time.advance(490);
    wheel.start(10, 'b');
    wheel.start(4510, 'd');
    time.advance(4000);
    wheel.start(510, 'e');
    time.advance(600);
    expect(values()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('all that became due while the process slept fires in order, and what is not yet due does not', () => {
    for (const delayMs of [hourMs, 20, dayMs, 15_000, 2 * dayMs, 700]) wheel.start(delayMs, String(delayMs));
    time.jump(dayMs + 10);
    expect(values()).toEqual(['20', '700', '15000', String(hourMs), String(dayMs)]);
    time.advance(dayMs);
    expect(values().at(-1)).toBe(String(2 * dayMs));
  });

  test('a timer that is started late in a blocked turn has its full delay, and fires after those that were due', () => {
    wheel.start(10, 'first');
    time.block(1000);
    wheel.start(10, 'second');
    time.advance(0);
    expect(values()).toEqual(['first']);
    time.advance(9);
    expect(values()).toEqual(['first']);
    time.advance(11);
    expect(values()).toEqual(['first', 'second']);
  });

  test('years of standing still leave the wheel exact', () => {
    time.advance(2000 * dayMs);
    wheel.start(100, 'a');
    time.advance(99);
    expect(fired).toEqual([]);
    time.advance(11);
    expect(values()).toEqual(['a']);
  });

  test('a clock that goes back delays, and lets nothing fire early', () => {
    wheel.start(1000, 'a');
    time.advance(900);
    wheel.start(50, 'c');
    time.block(-500);
    wheel.start(10, 'b');
    time.advance(540);
    expect(values()).toEqual(['b']);
    time.advance(100);
    expect(values()).toEqual(['b', 'c', 'a']);
  });
});

describe('sleep', () => {
  test('an empty wheel sets no timer', () => {
    expect(time.pending).toEqual([]);
    const handle = wheel.start(500, 'a');
    expect(time.pending).toHaveLength(1);
    wheel.cancel(handle);
    expect(time.pending).toEqual([]);
    wheel.start(50, 'b');
    time.advance(60);
    expect(values()).toEqual(['b']);
    expect(time.pending).toEqual([]);
  });

  test('one timer of the process serves all, and wakes a few times for a long delay', () => {
    for (let i = 0; i < 1000; i += 1) wheel.start(30 * dayMs + i, 'a');
    expect(time.pending).toHaveLength(1);
    const setBefore = time.timersSet;
    time.advance(30 * dayMs - 1000);
    expect(time.timersSet - setBefore).toBeLessThanOrEqual(20);
    expect(fired).toEqual([]);
    time.advance(3000);
    expect(fired).toHaveLength(1000);
  });

  test('however long it stood still, a short timer takes one sleep', () => {
    time.advance(dayMs + 7);
    wheel.start(20, 'a');
    time.advance(100);
    expect(values()).toEqual(['a']);
    expect(time.timersSet).toBe(1);
  });

  test('a nearer timer wakes it sooner', () => {
    wheel.start(hourMs, 'late');
    wheel.start(20, 'soon');
    time.advance(20);
    expect(values()).toEqual(['soon']);
  });

  test('a wait longer than a timer of the process can be is cut into pieces', () => {
    const slow = new TimingWheel<string>({ fire: (value) => fired.push({ value, atMs: time.now() - startMs }), tickMs: 3_600_000, clock: time, timers: time });
    slow.start(100 * dayMs, 'a');
    expect(Math.max(...time.pending.map(({ delayMs }) => delayMs))).toBeLessThanOrEqual(2 ** 31 - 1);
    time.advance(100 * dayMs - 1);
    expect(fired).toEqual([]);
    time.advance(1);
    expect(values()).toEqual(['a']);
  });

  test('keeps the process alive only if asked to', () => {
    wheel.start(10, 'a');
    expect(time.pending).toEqual([{ delayMs: 10, isIdle: false }]);
    wheel.close();
    new TimingWheel<string>({ fire: () => {}, isIdle: true, clock: time, timers: time }).start(10, 'a');
    expect(time.pending).toEqual([{ delayMs: 10, isIdle: true }]);
  });
});

describe('cancel', () => {
  test('a timer that was called off does not fire, and is called off once', () => {
    const handles = ['a', 'b', 'c'].map((value) => wheel.start(100, value));
    expect(wheel.cancel(handles[1]!)).toBe(true);
    expect(wheel.cancel(handles[1]!)).toBe(false);
    expect(wheel.size).toBe(2);
    time.advance(200);
    expect(values()).toEqual(['a', 'c']);
    expect(handles.map((handle) => wheel.cancel(handle))).toEqual([false, false, false]);
  });

  test('an old handle never calls off the timer that has its place now', () => {
    const old = wheel.start(10, 'old');
    wheel.cancel(old);
    const handles = Array.from({ length: 300 }, () => {
      const handle = wheel.start(10, 'x');
      wheel.cancel(handle);
      return handle;
    });
    wheel.start(10, 'new');
    expect([old, ...handles].some((handle) => wheel.cancel(handle))).toBe(false);
    time.advance(20);
    expect(values()).toEqual(['new']);
  });

  test('what has gone is not kept alive', async () => {
    const objects = new TimingWheel<object>({ fire: () => {}, clock: time, timers: time });
    const started = ['cancelled', 'fired', 'closed'].map((name) => {
      const value = { name };
      return { handle: objects.start(name === 'closed' ? 1000 : 10, value), reference: new WeakRef(value) };
    });
    objects.cancel(started[0]!.handle);
    time.advance(10);
    expect(await Promise.all(started.map(({ reference }) => isCollected(reference)))).toEqual([true, true, false]);
    objects.close();
    expect(await isCollected(started[2]!.reference)).toBe(true);
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 53, 77])('a number that is no handle (%d) is told apart', (handle) => {
    wheel.start(10, 'a');
    expect(wheel.cancel(handle)).toBe(false);
    expect(wheel.size).toBe(1);
  });

  test('a callback may call off others of its own tick, and start new ones', () => {
    const handles: number[] = [];
    const callbacks = new TimingWheel<() => void>({ fire: (callback) => callback(), clock: time, timers: time });
    const seen: string[] = [];
    callbacks.start(50, () => {
      seen.push('first');
      callbacks.cancel(handles[0]!);
      callbacks.start(50, () => seen.push('third'));
    });
    handles.push(callbacks.start(50, () => seen.push('called off')));
    callbacks.start(50, () => seen.push('second'));
    time.advance(50);
    expect(seen).toEqual(['first', 'second']);
    time.advance(50);
    expect(seen).toEqual(['first', 'second', 'third']);
  });
});

describe('errors', () => {
  test('what a callback throws is heard, and the others fire', () => {
    const errors: [unknown, string][] = [];
    const seen: string[] = [];
    const failing = new TimingWheel<string>({
      fire: (value) => {
        if (value.startsWith('bad')) throw new Error(value);
        seen.push(value);
      },
      onError: (error, value) => errors.push([error, value]),
      clock: time,
      timers: time,
    });
    for (const [delayMs, value] of [
      [10, 'bad 1'],
      [10, 'good 1'],
      [20, 'bad 2'],
      [500, 'good 2'],
    ] as const) {
      failing.start(delayMs, value);
    }
    time.advance(1000);
    expect(seen).toEqual(['good 1', 'good 2']);
    expect(errors).toEqual([
      [new Error('bad 1'), 'bad 1'],
      [new Error('bad 2'), 'bad 2'],
    ]);
  });

  test('what nobody hears is an uncaught exception, as from setTimeout, and the others still fire', () => {
    const program = `
      const { TimingWheel } = await import(${JSON.stringify(new URL('timing-wheel.ts', import.meta.url).href)});
      process.on('uncaughtException', (error) => console.log('uncaught', error.message));
      const plain = new TimingWheel({ fire: (run) => run(), tickMs: 1 });
      plain.start(0, () => { throw new Error('one'); });
      plain.start(0, () => console.log('fired'));
      const heard = new TimingWheel({ fire: (run) => run(), onError: () => { throw new Error('of the listener'); }, tickMs: 1 });
      heard.start(20, () => { throw new Error('two'); });
      heard.start(20, () => console.log('fired too'));
    `;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
    // Two that start on both sides of a millisecond may fire in two ticks: the order of the lines is not what is promised.
    expect(stdout.trim().split('\n').toSorted()).toEqual(['fired', 'fired too', 'uncaught of the listener', 'uncaught one']);
  });

  test.each([{ tickMs: 0 }, { tickMs: -1 }, { tickMs: 0.5 }, { tickMs: Number.NaN }, { tickMs: Infinity }])('%o is refused', (options) => {
    expect(() => new TimingWheel({ fire: () => {}, ...options })).toThrow(expect.objectContaining({ code: 'ERR_QUEUE_OPTIONS' }));
  });

  test.each([-1, Number.NaN, Infinity])('a delay of %d is refused', (delayMs) => {
    expect(() => wheel.start(delayMs, 'a')).toThrow(expect.objectContaining({ code: 'ERR_QUEUE_OPTIONS' }));
    expect([wheel.size, time.pending]).toEqual([0, []]);
  });
});

describe('close', () => {
  test('nothing fires afterwards and nothing can be started', () => {
    const handle = wheel.start(10, 'a');
    wheel.start(500 * dayMs, 'b');
    wheel.close();
    expect([wheel.size, wheel.cancel(handle), time.pending]).toEqual([0, false, []]);
    time.advance(1000);
    expect(fired).toEqual([]);
    expect(() => wheel.start(10, 'c')).toThrow(expect.objectContaining({ code: 'ERR_QUEUE_CLOSED' }));
    wheel.close();
  });

  test('a callback may close the wheel: the rest of its tick does not fire', () => {
    const seen: number[] = [];
    const closing = new TimingWheel<number>({
      fire: (value) => {
        seen.push(value);
        closing.close();
      },
      clock: time,
      timers: time,
    });
    closing.start(10, 1);
    closing.start(10, 2);
    time.advance(100);
    expect(seen).toEqual([1]);
    expect([closing.size, time.pending]).toEqual([0, []]);
  });
});

/** What the wheel promises, as plainly as it can be said: a list, sorted by deadline in ticks. */
class NaiveWheel {
  timers: { readonly value: number; readonly deadline: number }[] = [];
  readonly #startMs: number;
  readonly #tickMs: number;
  #tick = 0;

  constructor(startMs: number, tickMs: number) {
    this.#startMs = startMs;
    this.#tickMs = tickMs;
  }

  start(nowMs: number, delayMs: number, value: number): void {
    const elapsedMs = nowMs - this.#startMs;
    this.#tick = Math.max(this.#tick, Math.floor(elapsedMs / this.#tickMs));
    const deadline = Math.max(Math.ceil((elapsedMs + delayMs) / this.#tickMs), this.#tick + 1);
    this.timers = [...this.timers, { value, deadline }].toSorted((a, b) => a.deadline - b.deadline);
  }

  cancel(value: number): boolean {
    const before = this.timers.length;
    this.timers = this.timers.filter((timer) => timer.value !== value);
    return this.timers.length < before;
  }

  takeDue(nowMs: number): number[] {
    const tick = Math.floor((nowMs - this.#startMs) / this.#tickMs);
    const due = this.timers.filter(({ deadline }) => deadline <= tick).map(({ value }) => value);
    this.timers = this.timers.filter(({ deadline }) => deadline > tick);
    return due;
  }
}

describe('against a sorted list', () => {
  const delayMs = fc.oneof(fc.nat(50), fc.nat(20_000), fc.nat(10 * dayMs), fc.integer({ min: 100 * dayMs, max: 800 * dayMs }));
  const calls = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('start' as const), ms: delayMs }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), ms: fc.nat(100) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: delayMs }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('jump' as const, 'block' as const), ms: delayMs }) },
    ),
    { maxLength: 120, size: 'max' },
  );

  test.each([1, 10, 250])('any sequence of calls fires the same in the same order, ticks of %d ms', (tickMs) => {
    fc.assert(
      fc.property(calls, (sequence) => {
        const time = new FakeTime();
        const seen: number[] = [];
        const wheel = new TimingWheel<number>({ fire: (value) => seen.push(value), tickMs, clock: time, timers: time });
        const naive = new NaiveWheel(time.now(), tickMs);
        const expected: number[] = [];
        const handles: number[] = [];
        for (const { kind, ms } of sequence) {
          if (kind === 'start') {
            naive.start(time.now(), ms, handles.length);
            handles.push(wheel.start(ms, handles.length));
          } else if (kind === 'cancel') {
            expect(wheel.cancel(handles[ms] ?? -1)).toBe(naive.cancel(ms));
          } else if (kind === 'block') {
            time.block(ms);
          } else {
            if (kind === 'advance') time.advance(ms);
            else time.jump(ms);
            expected.push(...naive.takeDue(time.now()));
          }
          expect(seen).toEqual(expected);
          expect(wheel.size).toBe(naive.timers.length);
        }
        expect(time.pending.length).toBe(wheel.size === 0 ? 0 : 1);
      }),
      { numRuns: 300 },
    );
  });
});
