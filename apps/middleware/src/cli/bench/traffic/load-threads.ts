import { Worker } from 'node:worker_threads';
import { BenchError } from '../bench-error.ts';
import type { Plan } from '../plan.ts';
import type { BookedOrder } from './order-book.ts';
import type { Counts } from './tally.ts';
import type { LoadThreadData, ThreadOrder, ThreadReport } from './thread-messages.ts';

const file = new URL(import.meta.url.endsWith('.ts') ? './load-thread.ts' : './load-thread.js', import.meta.url);

/** The threads that make the load, so that neither the view nor the report holds a request up. */
export class LoadThreads implements AsyncDisposable {
  readonly #workers: readonly Worker[];
  readonly #plan: Plan;
  readonly #ready: Promise<unknown>;
  readonly #ends: readonly Promise<readonly BookedOrder[]>[];

  /** @param onCounts gets what each thread counted, about once a second and at its end */
  constructor(plan: Plan, players: readonly string[], onCounts: (counts: Counts, thread: number) => void) {
    this.#plan = plan;
    this.#workers = Array.from({ length: plan.threads }, (_, index) => {
      const data: LoadThreadData = { plan, index, players };
      return new Worker(file, { workerData: data, name: `bench-load-${index}` });
    });
    const followed = this.#workers.map((worker, thread) => follow(worker, (counts) => onCounts(counts, thread)));
    this.#ready = Promise.all(followed.map(({ ready }) => ready));
    this.#ends = followed.map(({ end }) => end);
  }

  /** Waits until every connection stands. @throws {BenchError} `ERR_BENCH_CONNECT` */
  async connect(): Promise<void> {
    await this.#ready;
  }

  /** Begins with the warm-up. @returns at the end of the load, every order that was asked for */
  async run(): Promise<readonly BookedOrder[]> {
    this.#tell({ kind: 'start', recordsInMs: this.#plan.warmUpMs, forMs: this.#plan.durationMs });
    return (await Promise.all(this.#ends)).flat();
  }

  /** Ends the load early; {@link run} then returns as it does otherwise. */
  stop(): void {
    this.#tell({ kind: 'stop' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #tell(order: ThreadOrder): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    for (const worker of this.#workers) worker.postMessage(order);
  }
}

function follow(worker: Worker, onCounts: (counts: Counts) => void) {
  const ready = Promise.withResolvers<void>();
  const end = Promise.withResolvers<readonly BookedOrder[]>();
  const fail = (error: Error): void => {
    ready.reject(error);
    end.reject(error);
  };
  // Whoever waits for neither has given the run up.
  for (const { promise } of [ready, end]) promise.catch(() => undefined);
  worker.on('message', (report: ThreadReport) => {
    if (report.kind === 'ready') ready.resolve();
    else onCounts(report.counts);
    if (report.kind === 'end') end.resolve(report.book);
  });
  worker.on('error', (error) => fail(new BenchError('ERR_BENCH_CONNECT', error instanceof Error ? error.message : String(error), { cause: undefined })));
  worker.on('exit', () => fail(new BenchError('ERR_BENCH_LOST', 'a load thread ended before its time')));
  return { ready: ready.promise, end: end.promise };
}
