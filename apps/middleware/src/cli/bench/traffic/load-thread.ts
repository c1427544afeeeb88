import { parentPort, workerData } from 'node:worker_threads';
import { playerFlows } from './flow.ts';
import { httpLinks } from './http-link.ts';
import { Load } from './load.ts';
import type { BookedOrder } from './order-book.ts';
import { OrderFlow } from './order-flow.ts';
import { SlotFlow } from './slot-flow.ts';
import { Tally } from './tally.ts';
import { tcpLinks } from './tcp-link.ts';
import type { LoadThreadData, ThreadOrder, ThreadReport } from './thread-messages.ts';

// The other side is load-threads.ts, which makes it.
const { plan, index, players }: LoadThreadData = workerData;
const reportMs = 1000;

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
const tell = (report: ThreadReport): void => parentPort?.postMessage(report);
/** As many as an even split leaves to this thread. */
const shareOf = (count: number): number => Math.floor((count + plan.threads - 1 - index) / plan.threads);
const tally = new Tally();
const report = (): void => tell({ kind: 'counts', counts: tally.take() });
const book: BookedOrder[] = [];
const flowOfPlayers = playerFlows(players, Math.random);

const load = new Load({
  connections: shareOf(plan.connections),
  depth: plan.depth,
  ratePerSecond: plan.ratePerSecond === undefined ? undefined : plan.ratePerSecond / plan.threads,
  open: (listener) => (plan.target.over === 'tcp' ? tcpLinks : httpLinks).open(plan, listener),
  flowOf: (slot) =>
    new SlotFlow(
      plan.mix,
      ({ scenario }) => {
        if (scenario !== 'orders') return flowOfPlayers(scenario);
        const playerId = players[(slot * plan.threads + index) % players.length] ?? '';
        return new OrderFlow({ run: plan.run, name: `${index}-${slot}`, playerId, book });
      },
      Math.random,
    ),
  tally,
  now: () => performance.now(),
});

function run(recordsInMs: number, forMs: number): void {
  const recordsFrom = performance.now() + recordsInMs;
  load.start({ recordsFrom, endsAt: recordsFrom + forMs });
  // The seconds begin with what is counted.
  let reports: NodeJS.Timeout | undefined;
  const beginning = setTimeout(() => (reports = setInterval(report, reportMs)), recordsInMs);
  const end = async (): Promise<void> => {
    clearTimeout(beginning);
    clearInterval(reports);
    await load.end();
    tell({ kind: 'end', counts: tally.take(), book });
  };
  const ending = setTimeout(() => void end(), recordsInMs + forMs);
  stop = () => {
    clearTimeout(ending);
    void end();
  };
}

let stop = (): void => process.exit();

parentPort?.on('message', (order: ThreadOrder) => {
  if (order.kind === 'start') run(order.recordsInMs, order.forMs);
  else stop();
});

await load.connect();
tell({ kind: 'ready' });
