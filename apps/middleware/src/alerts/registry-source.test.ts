import { textMetrics } from '@midgard/health';
import { Registry } from '@midgard/metrics';
import { expect, test } from 'vitest';
import { RegistrySource } from './registry-source.ts';

function filled(): Registry {
  const registry = new Registry();
  const before = registry.counter({ name: 'hits_total', help: 'Hits', labels: ['page'] });
  before.labels({ page: 'a "b"\n\\' }).add(3);
  before.labels({ page: 'c' }).add(4);
  registry
    .histogram({ name: 'wait_seconds', help: 'Waits', labels: ['who'], buckets: [0.1, 1] })
    .labels({ who: 'x' })
    .observe(0.5);
  registry.gauge({ name: 'level', help: 'Level' }).labels({}).set(Number.NaN);
  return registry;
}

test.each(['hits_total', 'wait_seconds_bucket', 'wait_seconds_sum', 'wait_seconds_count', 'wait_seconds', 'level', 'nobody', 'hits'])(
  'it reads of %s what stands on the page',
  (metric) => {
    const registry = filled();
    using source = new RegistrySource(registry);
    expect(source.snapshot().read(metric)).toEqual(
      textMetrics(() => registry.expose())
        .snapshot()
        .read(metric)
        .map(({ labels, value }) => expect.objectContaining({ labels, value })),
    );
  },
);

test('collectors are asked at each look, also for metrics that are made later', () => {
  const registry = new Registry();
  using source = new RegistrySource(registry);
  const level = registry.gauge({ name: 'level', help: 'Level' }).labels({});
  let now = 1;
  registry.onCollect(() => level.set(now));
  const first = source.snapshot();
  expect(first.read('level')).toMatchObject([{ value: 1 }]);
  now = 2;
  expect(source.snapshot().read('level')).toMatchObject([{ value: 2 }]);
  expect(first.read('level')).toMatchObject([{ value: 1 }]);
});
