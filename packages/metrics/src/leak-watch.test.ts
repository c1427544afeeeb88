import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LeakWatch } from './leak-watch.ts';
import { MetricsError } from './metrics-error.ts';

const windowMs = 1000;
const samplesPerWindow = 20;
const intervalMs = windowMs / samplesPerWindow;
const windows = 6;
const minGrowth = 100;
const hourMs = 3_600_000;

/** One resource `heap` whose level a test gives for each look; one look an interval. */
function watched({ minRatio = 0, windows: count = windows }: { minRatio?: number; windows?: number } = {}) {
  const told: string[] = [];
  let level: number | undefined;
  let nowMs = 0;
  const tell = (what: string) => (resource: string, growth: { growth: number }) => void told.push(`${what} ${resource} ${growth.growth}`);
  const watch = new LeakWatch({
    thresholds: { heap: { minGrowth, minRatio } },
    sample: () => (level === undefined ? {} : { heap: level }),
    windowMs,
    windows: count,
    clock: { now: () => nowMs },
    events: { suspected: tell('suspected'), doubled: tell('doubled'), ended: tell('ended') },
  });
  const look = (next: number | undefined): void => {
    level = next;
    watch.look();
    nowMs += intervalMs;
  };
  /** Looks at a function of the number of the look, for some windows. */
  const follow = (levelAt: (look: number) => number | undefined, forWindows: number): void => {
    for (let at = 0; at < forWindows * samplesPerWindow; at += 1) look(levelAt(at));
  };
  return { watch, told, look, follow };
}

/** A level that goes up by some amount in each window. */
const rising =
  (perWindow: number, from = 0) =>
  (at: number) =>
    from + (at / samplesPerWindow) * perWindow;

const noise = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 12 * samplesPerWindow, maxLength: 12 * samplesPerWindow });
const base = fc.integer({ min: 0, max: 1_000_000 });
/** Enough windows, each with a step of its own, that a trend would show. */
const counts = fc.integer({ min: 3, max: 8 });

describe('what is no leak raises no alarm:', () => {
  test('noise below the threshold, whatever its shape', () => {
    fc.assert(
      fc.property(base, noise, counts, (level, shape, count) => {
        const { told, follow } = watched({ windows: count });
        follow((at) => level + (shape[at] ?? 0) * minGrowth * 0.999, 12);
        expect(told).toEqual([]);
      }),
    );
  });

  test('a sawtooth of many times the threshold that is shorter than a window', () => {
    fc.assert(
      fc.property(base, fc.double({ min: 0.5, max: 1, noNaN: true }), fc.double({ min: 1, max: 9, noNaN: true }), counts, (level, period, height, count) => {
        const { told, follow } = watched({ windows: count });
        const looks = period * samplesPerWindow;
        follow((at) => level + ((at % looks) / looks) * height * minGrowth, 30);
        expect(told).toEqual([]);
      }),
    );
  });

  test('a step of any height after which it is flat, with noise of a sixth of it', () => {
    fc.assert(
      fc.property(
        base,
        fc.double({ min: 0.1, max: 1000, noNaN: true }),
        fc.integer({ min: 0, max: 8 * samplesPerWindow }),
        noise,
        counts,
        (level, height, when, shape, count) => {
          const { told, follow } = watched({ windows: count });
          const step = height * minGrowth;
          follow((at) => level + (at < when ? 0 : step) + ((shape[at] ?? 0) * step) / 6, 12);
          expect(told).toEqual([]);
        },
      ),
    );
  });

  test('two steps of the same height', () => {
    const { told, follow } = watched();
    follow((at) => (at < 3 * samplesPerWindow ? 0 : 500) + (at < 6 * samplesPerWindow ? 0 : 500), 20);
    expect(told).toEqual([]);
  });

  test('a level that falls', () => {
    const { watch, told, follow } = watched();
    follow((at) => 1_000_000 - at * 100, 12);
    expect(told).toEqual([]);
    expect(watch.growthOf('heap')?.growth).toBe(-2000 * (windows - 1));
  });

  test('growth above the absolute threshold and below the relative one', () => {
    const { told, follow } = watched({ minRatio: 0.2 });
    follow(rising(100, 10_000), 8);
    expect(told).toEqual([]);
  });
});

describe('a leak', () => {
  test('above the threshold is told of once all windows have risen, for all noise of a third of what a window adds', () => {
    fc.assert(
      fc.property(base, fc.double({ min: 1, max: 1000, noNaN: true }), noise, counts, (level, height, shape, count) => {
        const { told, watch, follow } = watched({ windows: count });
        const perWindow = (height * minGrowth * 1.5) / (count - 1);
        follow((at) => level + rising(perWindow)(at) + ((shape[at] ?? 0) * perWindow) / 3, count + 1);
        expect(told).toHaveLength(1);
        expect(watch.isSuspected('heap')).toBe(true);
      }),
    );
  });

  test('is not told of before all windows are full', () => {
    const { told, follow, look } = watched();
    follow(rising(1000), windows);
    expect(told).toEqual([]);
    look(1000 * windows);
    expect(told).toEqual(['suspected heap 5000']);
  });

  test('at the threshold is told of, and a hair below is not', () => {
    const at = watched();
    at.follow(rising(minGrowth / (windows - 1)), windows + 1);
    expect(at.told).toHaveLength(1);
    const below = watched();
    below.follow(rising((minGrowth - 0.001) / (windows - 1)), windows + 20);
    expect(below.told).toEqual([]);
  });

  test('below a sawtooth is found by its floor', () => {
    const { told, follow } = watched();
    follow((at) => rising(50)(at) + (at % 7) * 200, windows + 2);
    expect(told).toHaveLength(1);
  });

  test('is told of with its rate', () => {
    const { watch, follow } = watched();
    expect([watch.growthOf('heap'), watch.isSuspected('heap')]).toEqual([undefined, false]);
    follow(rising(100, 7), windows + 1);
    expect(watch.growthOf('heap')).toEqual({ level: 507, growth: 500, overMs: 5 * windowMs, perHour: (100 * hourMs) / windowMs });
  });

  test('is told of again each time it has doubled, and not in between', () => {
    const { told, follow } = watched();
    follow(rising(100), 45);
    expect(told).toEqual(['suspected heap 500', 'doubled heap 500', 'doubled heap 500', 'doubled heap 500']);
  });

  test('that goes on at the same rate stays suspected although it is ever less of the whole', () => {
    const { told, follow, watch } = watched({ minRatio: 0.2 });
    follow(rising(100, 1000), 200);
    expect(told.filter((what) => !what.startsWith('doubled'))).toEqual(['suspected heap 500']);
    expect(watch.isSuspected('heap')).toBe(true);
  });

  test('ends when it grows by less than half of the threshold, and can begin again', () => {
    const { told, watch, follow } = watched();
    follow(rising(100), 7);
    follow(() => 700, windows + 1);
    expect(told.at(-1)).toBe('ended heap 0');
    expect(watch.isSuspected('heap')).toBe(false);
    follow(rising(1000, 700), windows + 2);
    expect(told.slice(1)).toEqual(['ended heap 0', 'suspected heap 5000']);
  });

  test('that slows down to two thirds of the threshold stays suspected', () => {
    const { watch, follow } = watched();
    follow(rising(minGrowth / (windows - 1)), windows + 1);
    follow(rising(minGrowth / (windows - 1) / 1.5, 140), 30);
    expect(watch.isSuspected('heap')).toBe(true);
  });

  test('that slackens in one window stays suspected', () => {
    const { told, follow } = watched();
    follow((at) => rising(100)(at) - (at >= 8 * samplesPerWindow ? 90 : 0), 12);
    expect(told.filter((what) => !what.startsWith('doubled'))).toEqual(['suspected heap 500']);
  });
});

test('a window lasts until there is a sample, so a resource that is seldom known is judged over a longer time', () => {
  const { told, watch, follow } = watched();
  follow((at) => (at % (3 * samplesPerWindow) === 0 ? rising(100)(at) : undefined), 3 * (windows + 1));
  expect(told).toEqual(['suspected heap 1500']);
  expect(watch.growthOf('heap')?.overMs).toBe(15 * windowMs);
});

test('a window that lasted three times as long must add three times as much', () => {
  const { told, follow } = watched({ windows: 3 });
  const levels = new Map([
    [0, 0],
    [1, 300],
    [4, 360],
    [5, 400],
  ]);
  follow((at) => levels.get(at / samplesPerWindow), 6);
  expect(told).toEqual([]);
});

test('a level that is no number is left out', () => {
  const { told, follow } = watched();
  follow((at) => (at % 3 === 0 ? Number.NaN : at % 5 === 0 ? -Infinity : rising(100)(at)), windows + 1);
  expect(told).toHaveLength(1);
});

test('each resource is judged for itself', () => {
  let nowMs = 0;
  const told: string[] = [];
  const watch = new LeakWatch({
    thresholds: { heap: { minGrowth, minRatio: 0 }, handles: { minGrowth: 10, minRatio: 0 } },
    sample: () => ({ heap: 5, handles: nowMs / 100 }),
    windowMs,
    windows: 3,
    clock: { now: () => nowMs },
    events: { suspected: (resource) => void told.push(resource) },
  });
  for (; nowMs <= 4 * windowMs; nowMs += intervalMs) watch.look();
  expect(told).toEqual(['handles']);
  expect([watch.isSuspected('heap'), watch.isSuspected('handles')]).toEqual([false, true]);
});

test.each([
  ['windowMs', { windowMs: 0 }],
  ['windowMs', { windowMs: Number.NaN }],
  ['windows', { windows: 2 }],
  ['windows', { windows: 3.5 }],
  ['minGrowth', { thresholds: { heap: { minGrowth: 0, minRatio: 0 } } }],
  ['minGrowth', { thresholds: { heap: { minGrowth: Infinity, minRatio: 0 } } }],
  ['minRatio', { thresholds: { heap: { minGrowth: 1, minRatio: -0.1 } } }],
])('%s out of its range is refused: %j', (name, options) => {
  const make = (): unknown => new LeakWatch({ thresholds: { heap: { minGrowth: 1, minRatio: 0 } }, sample: () => ({ heap: 1 }), ...options });
  expect(make).toThrow(expect.objectContaining({ code: 'ERR_METRICS_OPTIONS' }));
  expect(make).toThrow(MetricsError);
  expect(make).toThrow(name);
});
