import { collectProcess, Registry, setApart } from '@midgard/metrics';
import { apartBy } from './process-metrics.ts';
import type { WorkerCount } from './seat.ts';

/** What the primary counts of its workers. */
export interface PrimaryMetrics {
  died(): void;
  rolled(): void;
  released(connections: number): void;
}

/** Registers what the primary knows, its own process included. @param count asked at each reading */
export function primaryMetrics(registry: Registry, count: () => WorkerCount): PrimaryMetrics {
  const workers = registry.gauge({ name: 'midgard_workers', help: 'Worker processes: serving, and configured', labels: ['state'] });
  const deaths = registry.counter({ name: 'midgard_worker_deaths_total', help: 'Worker processes that ended unasked; they are started again' }).labels({});
  const rolls = registry.counter({ name: 'midgard_worker_rolls_total', help: 'Worker processes that were replaced by a rolling restart' }).labels({});
  const released = registry
    .counter({ name: 'midgard_worker_released_connections_total', help: 'Connections that were asked to connect again, since their worker had too many' })
    .labels({});
  registry.onCollect(() => {
    const { serving, of } = count();
    workers.labels({ state: 'serving' }).set(serving);
    workers.labels({ state: 'configured' }).set(of);
  });
  return { died: () => deaths.add(), rolled: () => rolls.add(), released: (connections) => released.add(connections) };
}

/** Shows the primary's own process beside those of the workers. @returns ends it */
export function collectPrimary(registry: Registry): () => void {
  const own = new Registry();
  const stop = collectProcess(own);
  const leave = registry.onCollect(async () => registry.merge('primary', setApart(await own.snapshot(), apartBy('primary'))));
  return () => {
    leave();
    stop();
  };
}
