import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Pace } from './pace.ts';
import { Registry } from './registry.ts';
import { FakeClock } from './test/fake-clock.ts';

/** Each look at the clock finds it a quarter of a millisecond later; in each rest something is done. */
class FakePace implements Pace {
  rests = 0;
  inRest: () => void = () => undefined;
  #now = 0;

  now(): number {
    this.#now += 0.25;
    return this.#now;
  }

  rest(): Promise<void> {
    this.rests += 1;
    this.inRest();
    return Promise.resolve();
  }
}

function filled(series: number, pace: Pace) {
  const registry = new Registry({ pace });
  const histogram = registry.histogram({ name: 'h', help: 'x', labels: ['n'], buckets: [1, 2], maxSeries: 10_000 });
  for (let n = 0; n < series; n += 1) histogram.labels({ n: String(n) });
  return { registry, histogram };
}

describe('a page written in parts', () => {
  test.each(['prometheus', 'openmetrics'] as const)('is that which is written at once: %s', async (exposition) => {
    for (const series of [0, 1, 31, 32, 33, 1000]) {
      const { registry } = filled(series, new FakePace());
      expect(await registry.scrape(exposition)).toBe(registry.expose(exposition));
    }
  });

  test('lets others have the event loop after each millisecond, and so does a snapshot', async () => {
    const pace = new FakePace();
    const { registry } = filled(3200, pace);
    // It looks at the clock every eighth series, and that is four looks to a millisecond.
    await registry.snapshot();
    expect(pace.rests).toBe(3200 / 8 / 4);
    // And once more before the whole page is handed over.
    await registry.scrape();
    expect(pace.rests).toBe((2 * 3200) / 8 / 4 + 1);
  });

  test('has the numbers of each histogram of one instant, whatever is counted and made in between, and by however many it is read', async () => {
    const value = fc.record({ n: fc.nat(99), value: fc.integer({ min: 0, max: 3 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(value, { maxLength: 30 }), { maxLength: 8 }), async (perRest) => {
        const pace = new FakePace();
        const { registry, histogram } = filled(60, pace);
        pace.inRest = () => {
          for (const { n, value: seconds } of perRest[pace.rests % (perRest.length + 1)] ?? []) histogram.labels({ n: String(n) }).observe(seconds);
        };
        const pages = await Promise.all([registry.scrape(), registry.scrape('openmetrics'), registry.scrape()]);
        for (const page of pages) expectConsistent(page);
      }),
      { numRuns: 50 },
    );
  });

  test('waits for collectors that answer later, and not for ever', async () => {
    const clock = new FakeClock();
    const registry = new Registry({ clock, collectTimeoutMs: 100 });
    const gauge = registry.gauge({ name: 'g', help: 'x' }).labels({});
    registry.onCollect(async () => {
      await Promise.resolve();
      gauge.set(7);
    });
    expect(await registry.scrape()).toContain('\ng 7\n');
    registry.onCollect(() => new Promise(() => undefined));
    registry.onCollect(() => Promise.reject(new TypeError('broken')));
    const page = registry.scrape();
    clock.advance(100);
    expect(await page).toContain('\nmetrics_collect_errors_total 2\n');
  });
});

/** Of each series: the buckets rise, the last is the count, and the sum is what the counts allow. */
function expectConsistent(page: string): void {
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  for (let at = 0; at < lines.length; at += 5) {
    const [one = 0, two = 0, all = 0, sum = 0, count = 0] = lines.slice(at, at + 5).map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
    expect(all).toBe(count);
    expect(two).toBeGreaterThanOrEqual(one);
    expect(all).toBeGreaterThanOrEqual(two);
    // Up to 1, then 2, then 3 each.
    expect(sum).toBeLessThanOrEqual(one + 2 * (two - one) + 3 * (all - two));
    expect(sum).toBeGreaterThanOrEqual(2 * (two - one) + 3 * (all - two));
  }
}
