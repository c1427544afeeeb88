/**
 * Hours of a load below the highest: reads and updates at a set rate, in parts; after each part the service rests until it has collected its
 * garbage, and then heap, memory and open files are looked at. What grows from part to part is a leak.
 *
 * `npx pnpm --filter @midgard/benchmarks run bench:soak --minutes 20`; `--help` tells the options.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { numberOptions } from './measure/options.ts';
import { openFiles, usageOf } from './measure/process-usage.ts';
import { writeResults } from './measure/results.ts';
import { mb, ms, printTable, progress, whole } from './measure/table.ts';
import type { Interval } from './load/reports.ts';
import { type LoadResult, runGoodLoad, runLoad } from './load/run-load.ts';
import { Children } from './service/children.ts';
import { playerGet, playerUpdate, tcpTarget } from './service/requests.ts';
import { readAll, seedPlayers } from './service/seed.ts';
import { metricOf, startService } from './service/started-service.ts';

const quietMs = 1000;
const collectedWithinMs = 30_000;
const options = numberOptions('A steady load for long', {
  minutes: { default: 20, about: 'minutes in all' },
  share: { default: 0.7, about: 'part of the highest rate' },
  parts: { default: 10, about: 'parts, with a look at the heap after each' },
  updates: { default: 0.05, about: 'part of the requests that write' },
  connections: { default: 50, about: 'connections' },
  players: { default: 10_000, about: 'rows, read by Zipf' },
  every: { default: 10, about: 'seconds between two lines on the way' },
});
const { minutes, share, parts, updates, connections, players, every } = options;

/** What a part left behind, and what it was. */
interface Part {
  readonly result: LoadResult;
  readonly heapBytes: number;
  readonly memoryBytes: number;
  readonly openFiles: number;
}

await using children = new Children();
const service = await startService(children, {
  MIDGARD_CACHE_MAX_ENTRIES: String(players * 2),
  MIDGARD_MEMORY_IDLE_GC_ENABLED: 'true',
  MIDGARD_MEMORY_IDLE_GC_QUIET_MS: String(quietMs),
  MIDGARD_MEMORY_IDLE_GC_MIN_INTERVAL_MS: '1',
});
const ids = await seedPlayers(children, service, players);
await readAll(tcpTarget(service, undefined, { distribution: 'sequence', file: ids }), ids, players);
const requests = [playerGet(service.id, 1 - updates), playerUpdate(service.id, updates)];
const target = tcpTarget(service, requests, { distribution: 'zipf', file: ids });
const trial = { connections, seconds: Math.min(5, minutes * 6) };
await runGoodLoad(target, trial);
const highest = (await runGoodLoad(target, trial)).rate;
progress(`highest: ${whole(highest)}/s`);

/** Waits for the collection that the service makes when it rests. */
async function afterCollection(result: LoadResult): Promise<Part> {
  const collections = (): Promise<number> => metricOf(service, 'midgard_idle_collections_total');
  const before = await collections();
  for (const until = Date.now() + collectedWithinMs; (await collections()) === before;) {
    if (Date.now() > until) throw new Error('the service rested and did not collect');
    // It counts requests for figures as work, so it is asked rarely.
    await sleep(quietMs * 2);
  }
  const heapBytes = await metricOf(service, 'nodejs_heap_size_used_bytes');
  return { result, heapBytes, memoryBytes: usageOf(service.pid).memoryBytes, openFiles: openFiles(service.pid) };
}

const done: Part[] = [];
for (let part = 1; part <= parts; part += 1) {
  const onInterval = ({ at, good, seconds, refused, latencyUs }: Interval): void =>
    progress(`part ${part} of ${parts}, ${at.toFixed(0)} s: ${whole(good / seconds)}/s, ${refused} refused, P99 ${ms(latencyUs?.p99)} ms`);
  const pace = { connections, rate: highest * share, seconds: (minutes * 60) / parts, everySeconds: every };
  const looked = await afterCollection(await runLoad(target, pace, onInterval));
  done.push(looked);
  progress(`part ${part} of ${parts}: heap after collection ${mb(looked.heapBytes)} MB, ${looked.openFiles} open files`);
}
printTable(
  `${minutes} minutes at ${share * 100} % of ${whole(highest)}/s, ${updates * 100} % updates`,
  [...done.entries()],
  [
    { head: 'part', of: ([at]) => String(at + 1) },
    { head: 'requests/s', of: ([, { result }]) => whole(result.rate) },
    { head: 'P50 ms', of: ([, { result }]) => ms(result.latencyUs?.p50) },
    { head: 'P99 ms', of: ([, { result }]) => ms(result.latencyUs?.p99) },
    { head: 'P99.9 ms', of: ([, { result }]) => ms(result.latencyUs?.p999) },
    { head: 'errors', of: ([, { result }]) => whole(result.refused + result.unanswered + result.dropped) },
    { head: 'heap after GC MB', of: ([, { heapBytes }]) => mb(heapBytes) },
    { head: 'memory MB', of: ([, { memoryBytes }]) => mb(memoryBytes) },
    { head: 'open files', of: ([, { openFiles }]) => whole(openFiles) },
  ],
);
const along = done.map((_, at) => (((at + 1) * minutes) / parts).toFixed(1));
const inMb = (bytes: number): number => Math.round(bytes / 2 ** 20);
writeResults(
  'soak',
  options,
  { highest, parts: done },
  {
    memory: {
      title: `Memory after collection, over ${minutes} minutes at ${share * 100} % of the highest rate`,
      unit: 'MB',
      kind: 'lines',
      along,
      series: [
        { name: 'heap', values: done.map(({ heapBytes }) => inMb(heapBytes)) },
        { name: 'process', values: done.map(({ memoryBytes }) => inMb(memoryBytes)) },
      ],
    },
  },
);
