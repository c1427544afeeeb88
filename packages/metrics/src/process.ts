import { readdirSync, statSync } from 'node:fs';
import { performance, PerformanceObserver } from 'node:perf_hooks';
import process from 'node:process';
import { getHeapSpaceStatistics } from 'node:v8';
import { collectLoop } from './process-loop.ts';
import type { Registry } from './registry.ts';

/** Names by the bit that V8 gives a collection. */
const gcKinds: ReadonlyMap<number, string> = new Map([
  [1, 'minor'],
  [2, 'minor_mark_sweep'],
  [4, 'major'],
  [8, 'incremental'],
  [16, 'weak_callbacks'],
]);

/** Collections take from microseconds to, when memory runs out, seconds. */
const gcBuckets = [0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1];

/**
 * Reports the process under the names that dashboards made for prom-client expect: CPU, memory, heap spaces, open files, event loop delay
 * and utilisation, garbage collection, active resources, start time, version.
 *
 * Everything but garbage collection and the histogram of the delay is asked when the registry is read. Keeps no process alive. For the main thread: what it
 * reports is of the whole process, but for the heap and the event loop.
 *
 * @param registry what to report to
 * @returns a function that stops the measuring; the last values stay
 */
export function collectProcess(registry: Registry): () => void {
  const removers = [
    collectCpu(registry),
    collectMemory(registry),
    collectHeapSpaces(registry),
    collectResources(registry),
    collectLoop(registry),
    collectGc(registry),
  ];
  registry
    .gauge({ name: 'process_start_time_seconds', help: 'Start of the process, seconds since 1970', merge: 'min' })
    .labels({})
    .set(performance.timeOrigin / 1000);
  registry
    .gauge({ name: 'nodejs_version_info', help: 'Version of Node.js', labels: ['version'], merge: 'max' })
    .labels({ version: process.version })
    .set(1);
  return () => {
    for (const remove of removers) remove();
  };
}

function collectCpu(registry: Registry): () => void {
  const user = registry.counter({ name: 'process_cpu_user_seconds_total', help: 'CPU time in user mode' }).labels({});
  const system = registry.counter({ name: 'process_cpu_system_seconds_total', help: 'CPU time in the kernel' }).labels({});
  const total = registry.counter({ name: 'process_cpu_seconds_total', help: 'CPU time' }).labels({});
  return registry.onCollect(() => {
    const used = process.cpuUsage();
    user.riseTo(used.user / 1e6);
    system.riseTo(used.system / 1e6);
    total.riseTo((used.user + used.system) / 1e6);
  });
}

function collectMemory(registry: Registry): () => void {
  const gauge = (name: string, help: string): { set(value: number): void } => registry.gauge({ name, help }).labels({});
  const resident = gauge('process_resident_memory_bytes', 'Memory of the process that is in RAM');
  const heapTotal = gauge('nodejs_heap_size_total_bytes', 'Size of the JavaScript heap');
  const heapUsed = gauge('nodejs_heap_size_used_bytes', 'Part of the JavaScript heap that is in use');
  const external = gauge('nodejs_external_memory_bytes', 'Memory that JavaScript objects hold outside of the heap');
  const buffers = gauge('nodejs_array_buffers_bytes', 'Part of the external memory that buffers hold');
  return registry.onCollect(() => {
    const usage = process.memoryUsage();
    resident.set(usage.rss);
    heapTotal.set(usage.heapTotal);
    heapUsed.set(usage.heapUsed);
    external.set(usage.external);
    buffers.set(usage.arrayBuffers);
  });
}

/** By V8's own names of its spaces, such as `new`, where what is young lives, and `old`. */
function collectHeapSpaces(registry: Registry): () => void {
  const gauge = (name: string, help: string) => registry.gauge({ name, help, labels: ['space'] });
  const total = gauge('nodejs_heap_space_size_total_bytes', 'Size of a space of the JavaScript heap');
  const used = gauge('nodejs_heap_space_size_used_bytes', 'Part of a space of the JavaScript heap that is in use');
  const available = gauge('nodejs_heap_space_size_available_bytes', 'Part of a space of the JavaScript heap that is free');
  return registry.onCollect(() => {
    for (const { space_name: name, space_size: size, space_used_size: usedSize, space_available_size: availableSize } of getHeapSpaceStatistics()) {
      const space = name.replace(/_space$/, '');
      total.labels({ space }).set(size);
      used.labels({ space }).set(usedSize);
      available.labels({ space }).set(availableSize);
    }
  });
}

function collectResources(registry: Registry): () => void {
  const resources = registry.gauge({ name: 'nodejs_active_resources', help: 'Sockets, timers and other things that keep the process alive', labels: ['type'] });
  const openFiles = registry.gauge({ name: 'process_open_fds', help: 'Open file descriptors; 0 where the system does not tell' }).labels({});
  const known = new Set<string>();
  return registry.onCollect(() => {
    const counts = new Map<string, number>([...known].map((type) => [type, 0]));
    for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
    for (const [type, count] of counts) {
      known.add(type);
      resources.labels({ type }).set(count);
    }
    openFiles.set(countOpenFiles());
  });
}

function countOpenFiles(): number {
  const folder = '/proc/self/fd';
  try {
    // Linux tells since 6.2. To read the names takes a millisecond for a thousand of them, and reading opens one more.
    return statSync(folder).size || readdirSync(folder).length - 1;
  } catch {
    return 0;
  }
}

function collectGc(registry: Registry): () => void {
  const seconds = registry.histogram({ name: 'nodejs_gc_duration_seconds', help: 'Pauses for garbage collection', labels: ['kind'], buckets: gcBuckets });
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) seconds.labels({ kind: gcKindOf(entry) }).observe(entry.duration / 1000);
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}

function gcKindOf(entry: object): string {
  // The types of Node do not have the detail of a collection.
  const detail = 'detail' in entry ? entry.detail : undefined;
  const kind = typeof detail === 'object' && detail !== null && 'kind' in detail ? detail.kind : undefined;
  return (typeof kind === 'number' ? gcKinds.get(kind) : undefined) ?? 'unknown';
}
