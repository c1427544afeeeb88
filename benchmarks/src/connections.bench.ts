/**
 * Many connections that mostly rest: how fast they shake hands, what each takes of the service's memory, whether any is lost while all send
 * heartbeats, how long reads on some of them take meanwhile, what memory comes back when they close, and how fast they are all back.
 *
 * `npx pnpm --filter @midgard/benchmarks run bench:connections --connections 200000 --workers 12`; `--help` tells the options. Where a process
 * may have no more than 20,000 open files, each worker holds fewer than that.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Holders } from './load/holders.ts';
import type { Held } from './load/reports.ts';
import { numberOptions } from './measure/options.ts';
import { openFiles, processCount, usageOf } from './measure/process-usage.ts';
import { writeResults } from './measure/results.ts';
import { mb, ms, printTable, progress, whole } from './measure/table.ts';
import { Children } from './service/children.ts';
import { tcpTarget } from './service/requests.ts';
import { startService } from './service/started-service.ts';

/** A service that still has their files open after so long has lost track of them. */
const closedWithinMs = 30_000;
const options = numberOptions('Connections that are held', {
  connections: { default: 10_000, about: 'connections' },
  workers: { default: 1, about: 'worker processes of the service' },
  seconds: { default: 60, about: 'seconds that they are held, reads included' },
  heartbeat: { default: 30, about: 'seconds from one ping of a connection to its next' },
  opening: { default: 500, about: 'handshakes under way at once' },
  rate: { default: 2000, about: 'reads a second meanwhile, on connections at random' },
  settle: { default: 5, about: 'seconds after which memory is looked at' },
});
const { connections, workers, seconds, heartbeat, opening, rate, settle } = options;

// A worker has some files open besides, and the system does not share connections out exactly.
const mostOfWorker = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Infinity) * 0.9;
if (connections > workers * mostOfWorker) {
  process.stderr.write(
    `--workers ${workers}: a process may have about ${whole(mostOfWorker)} connections here; ${Math.ceil(connections / mostOfWorker)} workers are needed\n`,
  );
  process.exit(2);
}

await using children = new Children();
const service = await startService(children, {
  ...(workers > 1 && { MIDGARD_WORKERS: String(workers) }),
  MIDGARD_SERVER_TCP_MAX_CONNECTIONS: '1000000',
  MIDGARD_LIMITS_HANDSHAKE_PER_SECOND: '1000000',
  MIDGARD_LIMITS_HANDSHAKE_BURST: '1000000',
  MIDGARD_MEMORY_IDLE_GC_ENABLED: 'true',
  MIDGARD_MEMORY_IDLE_GC_QUIET_MS: '1000',
  // It is opened and closed sooner after each other than in a life.
  MIDGARD_MEMORY_IDLE_GC_MIN_INTERVAL_MS: '1000',
});
const look = () => ({ ...usageOf(service.pid), openFiles: openFiles(service.pid), machineBytes: machineBytes(), at: performance.now() });

/** What the whole machine has in use: with the kernel's buffers and the generator's own memory. */
function machineBytes(): number {
  const text = readFileSync('/proc/meminfo', 'utf8');
  const of = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1]) * 1024;
  return of('MemTotal') - of('MemAvailable');
}

const sum = (all: readonly Held[], of: (held: Held) => number): number => all.reduce((total, held) => total + of(held), 0);
const highest = (all: readonly Held[], of: (held: Held) => number | undefined): number => Math.max(...all.map((held) => of(held) ?? 0));
const report = (all: readonly Held[]): void =>
  progress(
    `${all[0]?.at.toFixed(0)} s: ${whole(sum(all, ({ open }) => open))} open, ${sum(all, ({ dropped }) => dropped)} dropped, ` +
      `${whole(sum(all, ({ pongs }) => pongs))} heartbeats answered, reads P99 ${ms(highest(all, ({ latencyUs }) => latencyUs?.p99))} ms`,
  );

await sleep(settle * 1000);
const atRest = look();
progress(`${processCount(service.pid)} processes, ${mb(atRest.memoryBytes)} MB; opening ${whole(connections)} connections`);
const openAll = (): Holders => new Holders(tcpTarget(service), { connections, heartbeatSeconds: heartbeat, opening, rate, everySeconds: 2 }, report);

/** When all are open, or refused. */
async function handshakesOf(holders: Holders) {
  const opened = await holders.opened();
  const open = opened.reduce((total, each) => total + each.connections, 0);
  const seconds = Math.max(...opened.map((each) => each.seconds));
  progress(`${whole(open / seconds)} handshakes/s`);
  return {
    open,
    refused: opened.reduce((total, each) => total + each.refused, 0),
    errors: opened.map(({ errors }) => errors),
    seconds,
    p99Us: Math.max(...opened.map(({ latencyUs }) => latencyUs?.p99 ?? 0)),
  };
}

using holders = openAll();
const handshakes = await handshakesOf(holders);
await sleep(settle * 1000);
const holding = look();
holders.read();
await sleep(seconds * 1000);
const held = look();
const totals = await holders.close();
const closedAt = performance.now();
while (openFiles(service.pid) > atRest.openFiles * 1.1 && performance.now() - closedAt < closedWithinMs) await sleep(50);
const closedSeconds = (performance.now() - closedAt) / 1000;
await sleep(settle * 1000);
const afterwards = look();

// As after an outage of the network: the same players, and a service whose code is compiled by now.
progress('all come back');
using returned = openAll();
const again = await handshakesOf(returned);
await returned.close();

const bytesEach = (holding.memoryBytes - atRest.memoryBytes) / handshakes.open;
const reads = {
  good: sum(totals, ({ good }) => good),
  refused: sum(totals, ({ refused }) => refused),
  unanswered: sum(totals, ({ unanswered }) => unanswered),
  p50Us: highest(totals, ({ latencyUs }) => latencyUs?.p50),
  p99Us: highest(totals, ({ latencyUs }) => latencyUs?.p99),
  p999Us: highest(totals, ({ latencyUs }) => latencyUs?.p999),
};
const dropped = sum(totals, (each) => each.dropped);
const heartbeats = { sent: sum(totals, ({ pings }) => pings), answered: sum(totals, ({ pongs }) => pongs) };
printTable(
  `${whole(connections)} connections, ${workers} workers`,
  [['first', handshakes] as const, ['all back', again] as const],
  [
    { head: '', of: ([name]) => name },
    { head: 'open', of: ([, { open }]) => whole(open) },
    { head: 'handshakes/s', of: ([, { open, seconds: taken }]) => whole(open / taken) },
    { head: 'handshake P99 ms', of: ([, { p99Us }]) => ms(p99Us) },
    { head: 'refused', of: ([, { refused }]) => whole(refused) },
  ],
);
printTable(
  `held for ${seconds} s`,
  [0],
  [
    { head: 'dropped', of: () => whole(dropped) },
    { head: 'heartbeats', of: () => `${whole(heartbeats.answered)} of ${whole(heartbeats.sent)}` },
    { head: 'reads/s', of: () => whole(reads.good / seconds) },
    { head: 'P50 ms', of: () => ms(reads.p50Us) },
    { head: 'P99 ms', of: () => ms(reads.p99Us) },
    { head: 'closed after s', of: () => closedSeconds.toFixed(2) },
    { head: 'failed', of: () => whole(reads.refused + reads.unanswered) },
  ],
);
const looks = [
  ['before', atRest],
  ['opened', holding],
  ['held', held],
  ['closed', afterwards],
] as const;
printTable(`${(bytesEach / 1024).toFixed(2)} KB of process memory a connection`, looks, [
  { head: '', of: ([name]) => name },
  { head: 'memory MB (PSS)', of: ([, { memoryBytes }]) => mb(memoryBytes) },
  { head: 'machine MB', of: ([, each]) => mb(each.machineBytes) },
  { head: 'open files', of: ([, each]) => whole(each.openFiles) },
  { head: 'CPU s', of: ([, { cpuMs }]) => ((cpuMs - atRest.cpuMs) / 1000).toFixed(1) },
]);
writeResults(
  'connections',
  options,
  { handshakes, again, bytesEach, reads, dropped, heartbeats, closedSeconds, looks: Object.fromEntries(looks) },
  {
    '': {
      title: `Memory of the service: ${whole(connections)} connections, ${workers} workers`,
      unit: 'MB',
      kind: 'bars',
      along: looks.map(([name]) => name),
      series: [{ name: 'memory (PSS)', values: looks.map(([, { memoryBytes }]) => Math.round(memoryBytes / 2 ** 20)) }],
    },
  },
);
