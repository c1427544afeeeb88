import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { collectLoop, Recent } from './process-loop.ts';
import { Registry } from './registry.ts';
import { numbersOf } from './test/reading.ts';

test('what keeps the event loop is in the histogram and in the percentiles, for every reader', async () => {
  const registry = new Registry();
  onTestFinished(collectLoop(registry));
  const late = (): number =>
    (numbersOf(registry.expose()).get('nodejs_eventloop_delay_seconds_count') ?? 0) -
    (numbersOf(registry.expose()).get('nodejs_eventloop_delay_seconds_bucket{le="0.05"}') ?? 0);
  await expect.poll(() => numbersOf(registry.expose()).get('nodejs_eventloop_delay_seconds_count')).toBeGreaterThan(0);
  const before = late();
  const end = performance.now() + 100;
  while (performance.now() < end);
  await expect.poll(late).toBeGreaterThan(before);
  for (let reader = 0; reader < 3; reader += 1) {
    expect(numbersOf(registry.expose()).get('nodejs_eventloop_lag_max_seconds')).toBeGreaterThan(0.05);
    expect(numbersOf(registry.expose()).get('nodejs_eventloop_utilization')).toBeGreaterThan(0);
  }
});

test('however often and by whom it is read, what is recent is at least half a minute old, once so much has passed', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 100 }), (pauses) => {
      let now = 0;
      const recent = new Recent<number>(0, 0, () => now);
      for (const pause of pauses) {
        now += pause;
        const age = now - recent.older(now);
        expect(age).toBeGreaterThanOrEqual(Math.min(now, 30_000));
        // Two spans, each ended by the first reading after half a minute.
        expect(age).toBeLessThanOrEqual(2 * (30_000 + 20_000));
      }
    }),
  );
});
