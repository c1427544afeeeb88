import { constants, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import process from 'node:process';
import { getHeapSpaceStatistics } from 'node:v8';

/** What is watched of the process; the unit of each level is in {@link units}. */
export type ProcessResource = 'heap' | 'external' | 'handles' | 'event_loop';

/** The unit of each level. */
export const units: Readonly<Record<ProcessResource, string>> = { heap: 'bytes', external: 'bytes', handles: 'handles', event_loop: 'seconds' };

/** How often the event loop is looked at, in milliseconds; what is read includes it. */
const loopResolutionMs = 20;
const youngSpaces: ReadonlySet<string> = new Set(['new_space', 'new_large_object_space']);

/**
 * Levels of the process that stay flat in one that leaks nothing.
 *
 * The heap and what it holds outside are read right after a major collection and without the young generation: between
 * two of them the heap is mostly garbage, and tells of nothing but the time since the last. Open connections
 * come and go with the players, so they are no part of the handles.
 */
export class ProcessLevels implements Disposable {
  readonly #openConnections: () => number;
  readonly #delay = monitorEventLoopDelay({ resolution: loopResolutionMs });
  readonly #observer = new PerformanceObserver((list) => {
    if (list.getEntries().some(isMajor)) this.#collected = { heap: oldBytes(), external: process.memoryUsage().external };
  });
  #collected: { readonly heap: number; readonly external: number } | undefined;

  /** @param openConnections how many connections of clients there are */
  constructor(openConnections: () => number) {
    this.#openConnections = openConnections;
    this.#delay.enable();
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  /** The levels now; without heap and external where there was no major collection since they were last taken. O(handles). */
  take(): Partial<Record<ProcessResource, number>> {
    const levels = { ...this.#collected, handles: process.getActiveResourcesInfo().length - this.#openConnections(), ...this.#lateness() };
    this.#collected = undefined;
    return levels;
  }

  [Symbol.dispose](): void {
    this.#observer.disconnect();
    this.#delay.disable();
  }

  #lateness(): { event_loop?: number } {
    if (this.#delay.count === 0) return {};
    const seconds = Math.max(0, this.#delay.percentile(50) / 1e9 - loopResolutionMs / 1000);
    this.#delay.reset();
    return { event_loop: seconds };
  }
}

/** The types of active resources that there are most of, with their numbers. O(handles). */
export function topResourceTypes(most = 5): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
  return Object.fromEntries([...counts].toSorted(([, a], [, b]) => b - a).slice(0, most));
}

/** What is in use of the heap without the young generation, in bytes. */
export function oldBytes(): number {
  return getHeapSpaceStatistics().reduce((sum, space) => (youngSpaces.has(space.space_name) ? sum : sum + space.space_used_size), 0);
}

function isMajor(entry: object): boolean {
  // The types of Node do not have the detail of a collection.
  const detail = 'detail' in entry ? entry.detail : undefined;
  return typeof detail === 'object' && detail !== null && 'kind' in detail && detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}
