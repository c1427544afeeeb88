/**
 * Three times as much as the service can do: how much of its highest rate it keeps, how it refuses the rest and how fast, how much memory it
 * takes, and how long it is until a usual load is answered as before.
 *
 * `npx pnpm --filter @midgard/benchmarks run bench:overload`; `--help` tells the options.
 */
import { numberOptions } from './measure/options.ts';
import { openFiles, usageOf } from './measure/process-usage.ts';
import { writeResults } from './measure/results.ts';
import { mb, ms, printTable, progress, whole } from './measure/table.ts';
import type { Interval } from './load/reports.ts';
import { type LoadResult, runGoodLoad, runLoad } from './load/run-load.ts';
import { Children } from './service/children.ts';
import { playerGet, playerUpdate, tcpTarget } from './service/requests.ts';
import { readAll, seedPlayers } from './service/seed.ts';
import { startService } from './service/started-service.ts';

/** One more on a connection than the service takes unanswered by default: clients that do not keep to its welcome. */
const depth = 1100;
const usualShare = 0.5;
const normalP99Factor = 3;
const everySeconds = 0.25;
const options = numberOptions('A multiple of what the service can do', {
  seconds: { default: 10, about: 'seconds of the overload' },
  times: { default: 3, about: 'multiple of the highest rate' },
  updates: { default: 0.05, about: 'part of the requests that write' },
  connections: { default: 200, about: 'connections' },
  players: { default: 10_000, about: 'rows, read by Zipf' },
});
const { seconds, times, updates, connections, players } = options;

await using children = new Children();
const service = await startService(children, { MIDGARD_CACHE_MAX_ENTRIES: String(players * 2) });
const ids = await seedPlayers(children, service, players);
await readAll(tcpTarget(service, undefined, { distribution: 'sequence', file: ids }), ids, players);
const requests = [playerGet(service.id, 1 - updates), playerUpdate(service.id, updates)];
const target = tcpTarget(service, requests, { distribution: 'zipf', file: ids });

const settling = { connections, depth: 4, seconds: Math.max(2, seconds / 3) };
await runGoodLoad(target, settling);
const highest = (await runGoodLoad(target, settling)).rate;
progress(`highest: ${whole(highest)}/s`);
const usual = { connections, depth, rate: highest * usualShare };
const before = await runLoad(target, { ...usual, seconds: settling.seconds });
const memoryBefore = usageOf(service.pid).memoryBytes;
const line: { at: number; good: number; refused: number }[] = [];
let memoryHighest = memoryBefore;
const note = (interval: Interval, from: number): void => {
  line.push({ at: from + interval.at, good: interval.good / interval.seconds, refused: interval.refused / interval.seconds });
  memoryHighest = Math.max(memoryHighest, usageOf(service.pid).memoryBytes);
  progress(`${(from + interval.at).toFixed(1)} s: ${whole(interval.good / interval.seconds)}/s good, ${whole(interval.refused / interval.seconds)}/s refused`);
};
const over = await runLoad(target, { connections, depth, rate: highest * times, seconds, everySeconds }, (interval) => note(interval, 0));
const after: Interval[] = [];
const afterwards = await runLoad(target, { ...usual, seconds: settling.seconds, everySeconds }, (interval) => {
  after.push(interval);
  note(interval, seconds);
});

/** Seconds until the first interval from which on all are as before: nothing refused, P99 at most three times as high (and 20 ms are never too high). */
function secondsToNormal(p99Before: number): number | null {
  const most = Math.max(p99Before * normalP99Factor, 20_000);
  const lastBad = after.findLastIndex(({ refused, latencyUs }) => refused > 0 || (latencyUs?.p99 ?? Infinity) > most);
  return lastBad === after.length - 1 ? null : (after[lastBad]?.at ?? 0);
}

const phases: readonly (readonly [string, LoadResult])[] = [
  [`${usualShare * 100} % before`, before],
  [`${times * 100} %`, over],
  [`${usualShare * 100} % after`, afterwards],
];
printTable(`Highest rate ${whole(highest)}/s, ${updates * 100} % updates`, phases, [
  { head: '', of: ([name]) => name },
  { head: 'good/s', of: ([, { rate }]) => whole(rate) },
  { head: 'of highest', of: ([, { rate }]) => `${((rate / highest) * 100).toFixed(0)} %` },
  { head: 'P50 ms', of: ([, { latencyUs }]) => ms(latencyUs?.p50) },
  { head: 'P99 ms', of: ([, { latencyUs }]) => ms(latencyUs?.p99) },
  { head: 'refused/s', of: ([, { refusedRate }]) => whole(refusedRate) },
  { head: 'refused P50 ms', of: ([, { refusedUs }]) => ms(refusedUs?.p50) },
  { head: 'refused P99 ms', of: ([, { refusedUs }]) => ms(refusedUs?.p99) },
  {
    head: 'codes',
    of: ([, { errors }]) =>
      Object.entries(errors)
        .map(([code, count]) => `${code}: ${whole(count)}`)
        .join(', '),
  },
  { head: 'unanswered', of: ([, { unanswered }]) => whole(unanswered) },
  { head: 'dropped', of: ([, { dropped }]) => whole(dropped) },
]);
const normal = secondsToNormal(before.latencyUs?.p99 ?? 0);
const memoryAfter = usageOf(service.pid).memoryBytes;
printTable(
  '',
  [0],
  [
    { head: 'memory before MB', of: () => mb(memoryBefore) },
    { head: 'highest MB', of: () => mb(memoryHighest) },
    { head: 'after MB', of: () => mb(memoryAfter) },
    { head: 'normal after s', of: () => (normal === null ? 'not seen' : normal.toFixed(2)) },
    { head: 'open files', of: () => whole(openFiles(service.pid)) },
  ],
);
const result = {
  highest,
  before,
  over,
  afterwards,
  secondsToNormal: normal,
  memoryBytes: { before: memoryBefore, highest: memoryHighest, after: memoryAfter },
  line,
};
writeResults('overload', options, result, {
  '': {
    title: `${times} times the highest rate for ${seconds} s, then half of it`,
    unit: 'answers/s',
    kind: 'lines',
    along: line.map(({ at }) => at.toFixed(1)),
    series: [
      { name: 'good', values: line.map(({ good }) => Math.round(good)) },
      { name: 'refused', values: line.map(({ refused }) => Math.round(refused)) },
    ],
  },
});
