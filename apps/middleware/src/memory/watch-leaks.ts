import type { Logger } from '@midgard/logging';
import { type Growth, type GrowthThreshold, LeakWatch, type Registry } from '@midgard/metrics';
import { type ProcessResource, topResourceTypes, units } from './process-levels.ts';

const mebibyte = 1024 * 1024;

/**
 * From what growth over all windows on a resource is told of. A worker has 256 MB, so 16 more an hour is a restart within a
 * day; an event loop that is 10 ms later than an hour ago is felt by every client.
 */
const thresholds: Readonly<Record<ProcessResource, GrowthThreshold>> = {
  heap: { minGrowth: 16 * mebibyte, minRatio: 0.2 },
  external: { minGrowth: 16 * mebibyte, minRatio: 0.2 },
  handles: { minGrowth: 100, minRatio: 0.2 },
  event_loop: { minGrowth: 0.01, minRatio: 1 },
};
const resources: readonly ProcessResource[] = ['heap', 'external', 'handles', 'event_loop'];

/** What a leak watch of the process needs. */
export interface LeakWatchParts {
  readonly registry: Registry;
  readonly log: Logger;
  readonly sample: () => Partial<Record<ProcessResource, number>>;
  readonly windowMs: number;
  readonly windows: number;
  readonly clock?: { now(): number };
}

/**
 * Logs a warning when a resource of the process grows and grows, again each time that it has doubled, and a line at its end;
 * and says it in metrics.
 *
 * @returns a function that takes one sample
 */
export function watchLeaks({ registry, log, sample, windowMs, windows, clock }: LeakWatchParts): () => void {
  const suspected = registry.gauge({ name: 'midgard_leak_suspected', help: '1 as long as a resource grows like a leak', labels: ['resource'] });
  const perHour = registry.gauge({
    name: 'midgard_leak_growth_per_hour',
    help: 'Growth of the floor of a resource over the last windows: bytes, handles or seconds an hour',
    labels: ['resource'],
  });
  const watch = new LeakWatch<ProcessResource>({
    thresholds,
    sample,
    windowMs,
    windows,
    clock,
    events: {
      suspected: (resource, growth) => log.warn(fieldsOf(resource, growth), 'looks like a leak'),
      doubled: (resource, growth) => log.warn(fieldsOf(resource, growth), 'the leak has doubled'),
      ended: (resource, growth) => log.info(fieldsOf(resource, growth), 'no longer looks like a leak'),
    },
  });
  const gauges = resources.map((resource) => ({ resource, suspected: suspected.labels({ resource }), perHour: perHour.labels({ resource }) }));
  return () => {
    watch.look();
    for (const gauge of gauges) {
      gauge.suspected.set(watch.isSuspected(gauge.resource) ? 1 : 0);
      gauge.perHour.set(watch.growthOf(gauge.resource)?.perHour ?? 0);
    }
  };
}

/** A field called level would stand beside the level of the line. */
function fieldsOf(resource: ProcessResource, { level, growth, perHour, overMs }: Growth): object {
  return { resource, unit: units[resource], value: level, growth, growthPerHour: perHour, overMinutes: overMs / 60_000, activeResources: topResourceTypes() };
}
