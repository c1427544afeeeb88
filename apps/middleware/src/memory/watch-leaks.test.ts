import { type Logger, noopLogger } from '@midgard/logging';
import { Registry } from '@midgard/metrics';
import { expect, test } from 'vitest';
import type { ProcessResource } from './process-levels.ts';
import { watchLeaks } from './watch-leaks.ts';

const mebibyte = 1024 * 1024;
const windowMs = 600_000;

function watching() {
  const registry = new Registry();
  const lines: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  const to =
    (level: string) =>
    (fields: object, message: string): void =>
      void lines.push({ level, message, fields: { ...fields } });
  const log: Logger = { ...noopLogger, info: to('info'), warn: to('warn') };
  let levels: Partial<Record<ProcessResource, number>> = {};
  let nowMs = 0;
  const look = watchLeaks({ registry, log, sample: () => levels, windowMs, windows: 6, clock: { now: () => nowMs } });
  return {
    lines,
    /** One sample a window. */
    follow: (windows: number, levelsAt: (window: number) => Partial<Record<ProcessResource, number>>): void => {
      for (let window = 0; window < windows; window += 1) {
        levels = levelsAt(window);
        look();
        nowMs += windowMs;
      }
    },
    metric: (name: string): number => Number(new RegExp(`^${name.replaceAll(/[{}]/g, String.raw`\$&`)} (\\S+)$`, 'm').exec(registry.expose())?.[1]),
  };
}

test('a heap that grows by 8 MB in each ten minutes is told of once, with its rate and what is open', () => {
  const { lines, follow, metric } = watching();
  follow(7, (window) => ({ heap: (50 + 8 * window) * mebibyte, handles: 20 }));
  expect(lines).toEqual([
    {
      level: 'warn',
      message: 'looks like a leak',
      fields: {
        resource: 'heap',
        unit: 'bytes',
        value: 90 * mebibyte,
        growth: 40 * mebibyte,
        growthPerHour: 48 * mebibyte,
        overMinutes: 50,
        activeResources: expect.any(Object),
      },
    },
  ]);
  expect([metric('midgard_leak_suspected{resource="heap"}'), metric('midgard_leak_suspected{resource="handles"}')]).toEqual([1, 0]);
  expect(metric('midgard_leak_growth_per_hour{resource="heap"}')).toBe(48 * mebibyte);
});

test('it is told of again when it has doubled, and when it is over', () => {
  const { lines, follow, metric } = watching();
  follow(12, (window) => ({ handles: 200 + 100 * window }));
  follow(8, () => ({ handles: 1400 }));
  expect(lines.map(({ level, message, fields }) => [level, message, fields['value']])).toEqual([
    ['warn', 'looks like a leak', 700],
    ['warn', 'the leak has doubled', 1200],
    ['info', 'no longer looks like a leak', 1400],
  ]);
  expect(metric('midgard_leak_suspected{resource="handles"}')).toBe(0);
  expect(metric('midgard_leak_growth_per_hour{resource="handles"}')).toBe(0);
});

test.each([
  ['heap', 15 * mebibyte, 10 * mebibyte],
  ['external', 15 * mebibyte, 10 * mebibyte],
  ['handles', 90, 20],
  ['event_loop', 0.009, 0.001],
] as const)('%s below its threshold is silence, at it a warning', (resource, below, level) => {
  const quiet = watching();
  quiet.follow(20, (window) => ({ [resource]: level + (below / 5) * window }));
  expect(quiet.lines).toEqual([]);
  const loud = watching();
  loud.follow(20, (window) => ({ [resource]: level + (below / 4) * window }));
  expect(loud.lines[0]?.fields['resource']).toBe(resource);
});

test.each([
  ['heap', 400 * mebibyte, 75 * mebibyte],
  ['external', 400 * mebibyte, 75 * mebibyte],
  ['handles', 10_000, 1900],
  ['event_loop', 1, 0.9],
] as const)('%s that grows by little of what it is is silence', (resource, level, growth) => {
  const { lines, follow } = watching();
  follow(8, (window) => ({ [resource]: level + (growth / 5) * window }));
  expect(lines).toEqual([]);
});
