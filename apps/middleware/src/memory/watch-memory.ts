import process from 'node:process';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import type { Logger } from '@midgard/logging';
import type { Registry } from '@midgard/metrics';
import type { Config } from '../config-schema.ts';
import { garbageCollector, IdleGc } from './idle-gc.ts';
import { ProcessLevels } from './process-levels.ts';
import { watchLeaks } from './watch-leaks.ts';
import { type Host, youngGenerationFlag } from './young-generation.ts';

/** What goes on in the service, as far as its memory depends on it. */
export interface Activity {
  openConnections(): number;
  finishedRequests(): number;
  /** How many connections were opened or closed so far. */
  changedConnections(): number;
}

/** What {@link watchMemory} needs. */
export interface MemoryParts {
  readonly memory: Config['memory'];
  readonly registry: Registry;
  readonly log: Logger;
  readonly activity: Activity;
  readonly host?: Pick<Host, 'execArgv' | 'env'>;
}

/** A quiet period is noticed at the latest this part of it too late. */
const looksInQuietPeriod = 4;

/**
 * Says what the heap was made with, watches for leaks and, if it is asked to, collects garbage when it is quiet.
 *
 * @returns ends all of it; its timers keep no process alive
 */
export function watchMemory({ memory, registry, log, activity, host = process }: MemoryParts): Disposable {
  using parts = new DisposableStack();
  parts.defer(reportHeap(registry));
  const flag = youngGenerationFlag(host);
  log.debug({ youngGeneration: flag ?? "Node's default", heapLimitMb: Math.round(getHeapStatistics().heap_size_limit / 2 ** 20) }, 'memory');
  if (flag === undefined && memory.youngGenerationMb > 0) {
    log.warn({}, 'memory.youngGenerationMb could not be set: start Node with --max-semi-space-size');
  }
  if (memory.leakWatch.enabled) {
    const levels = parts.use(new ProcessLevels(() => activity.openConnections()));
    parts.defer(every(memory.leakWatch.intervalMs, watchLeaks({ registry, log, sample: () => levels.take(), ...memory.leakWatch })));
  }
  if (memory.idleGc.enabled) {
    const collections = registry.counter({ name: 'midgard_idle_collections_total', help: 'Collections of garbage because nothing was to be done' }).labels({});
    const idle = new IdleGc({ ...memory.idleGc, done: () => activity.finishedRequests() + activity.changedConnections(), collect: garbageCollector() });
    const look = (): void => (idle.look() ? collections.add() : undefined);
    parts.defer(every(memory.idleGc.quietMs / looksInQuietPeriod, look));
  }
  return parts.move();
}

function reportHeap(registry: Registry): () => void {
  const limit = registry.gauge({
    name: 'midgard_heap_limit_bytes',
    help: 'Most that the JavaScript heap may grow to, three halves of the young generation included',
  });
  const young = registry.gauge({ name: 'midgard_young_generation_bytes', help: 'Both halves of the young generation as they are now' });
  const used = registry.gauge({ name: 'midgard_heap_used_ratio', help: 'Used part of what the JavaScript heap may grow to, 0 to 1', merge: 'max' });
  return registry.onCollect(() => {
    const { heap_size_limit: limitBytes, used_heap_size: usedBytes } = getHeapStatistics();
    limit.labels({}).set(limitBytes);
    used.labels({}).set(usedBytes / limitBytes);
    young.labels({}).set(getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0);
  });
}

function every(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms).unref();
  return () => clearInterval(timer);
}
