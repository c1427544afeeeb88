/**
 * Messages of 100 bytes from one thread to another, end to end: SharedRing against postMessage. Prints millions of messages
 * a second, medians of several runs taken in turns, and ratios above 1 where ours is faster.
 *
 * Two directions: into the main thread, which waits without blocking, and into a worker, which blocks. Both sides see each
 * message: the sender writes its number into it, the receiver adds the numbers up.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { machineLine, print, record, type BenchResult } from '@midgard/bench';
import { SharedRing, type RingConsumer, type RingProducer, type SharedRingHandle } from './index.ts';

const messageBytes = 100;
const runs = 9;
/** postMessage takes fewer, or a run would last for seconds; both long enough that starting up does not count. */
const ringMessages = 2_000_000;
const portMessages = 200_000;

type Job =
  | { readonly kind: 'ring producer' | 'ring consumer'; readonly handle: SharedRingHandle; readonly go: Int32Array }
  | { readonly kind: 'port producer' | 'port consumer'; readonly go: Int32Array };

const expectedSum = (count: number): number => ((count - 1) * count) / 2;

function produce(producer: RingProducer, count: number): void {
  const bytes = new Uint8Array(messageBytes);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < count; i += 1) {
    view.setUint32(0, i);
    producer.pushBlocking(bytes);
  }
}

/** Adds up what a ring delivers. */
class RingSum {
  received = 0;
  sum = 0;
  readonly read = (bytes: Uint8Array, start: number): void => {
    this.received += 1;
    this.sum += ((bytes[start]! << 24) | (bytes[start + 1]! << 16) | (bytes[start + 2]! << 8) | bytes[start + 3]!) >>> 0;
  };

  check(): void {
    if (this.sum !== expectedSum(ringMessages)) throw new Error('messages were lost or changed');
  }
}

async function consume(consumer: RingConsumer): Promise<void> {
  const total = new RingSum();
  while (total.received < ringMessages && (await consumer.wait())) consumer.drain(total.read);
  total.check();
}

function consumeBlocking(consumer: RingConsumer): void {
  const total = new RingSum();
  while (total.received < ringMessages && consumer.waitBlocking()) consumer.drain(total.read);
  total.check();
}

/** Each post copies the message, as structured clone does; the array is refilled like the ring's. */
function post(port: { postMessage(value: unknown): void }): void {
  const bytes = new Uint8Array(messageBytes);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < portMessages; i += 1) {
    view.setUint32(0, i);
    port.postMessage(bytes);
  }
}

function countPosts(port: { on(event: 'message', listener: (bytes: Uint8Array) => void): unknown }): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let received = 0;
  let sum = 0;
  port.on('message', (bytes) => {
    sum += new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    received += 1;
    if (received < portMessages) return;
    if (sum === expectedSum(portMessages)) resolve();
    else reject(new Error('messages were lost or changed'));
  });
  return promise;
}

async function work(job: Job): Promise<void> {
  if (job.kind === 'ring producer') {
    const producer = SharedRing.attach(job.handle).producer();
    enter(job.go, phases.ready);
    Atomics.wait(job.go, 0, phases.ready);
    produce(producer, ringMessages);
  } else if (job.kind === 'port producer') {
    enter(job.go, phases.ready);
    Atomics.wait(job.go, 0, phases.ready);
    post(parentPort!);
  } else if (job.kind === 'ring consumer') {
    const consumer = SharedRing.attach(job.handle).consumer();
    enter(job.go, phases.ready);
    consumeBlocking(consumer);
    enter(job.go, phases.done);
  } else {
    const counted = countPosts(parentPort!);
    enter(job.go, phases.ready);
    await counted;
    enter(job.go, phases.done);
    parentPort!.close();
  }
}

/** Starting a thread takes longer than some runs: the clock starts once it is up. */
const phases = { starting: 0, ready: 1, running: 2, done: 3 } as const;

function enter(go: Int32Array, phase: number): void {
  Atomics.store(go, 0, phase);
  Atomics.notify(go, 0);
}

const newGo = (): Int32Array => new Int32Array(new SharedArrayBuffer(4));

async function timed(count: number, job: Job, run: (worker: Worker) => void | Promise<void>): Promise<number> {
  const worker = new Worker(new URL(import.meta.url), { workerData: job });
  await Atomics.waitAsync(job.go, 0, phases.starting).value;
  const startedAt = performance.now();
  enter(job.go, phases.running);
  await run(worker);
  if (job.kind.endsWith('consumer')) await Atomics.waitAsync(job.go, 0, phases.running).value;
  const seconds = (performance.now() - startedAt) / 1000;
  await worker.terminate();
  return count / seconds / 1e6;
}

const rows: Readonly<Record<string, { readonly ring: () => Promise<number>; readonly port: () => Promise<number> }>> = {
  'worker to main, which waits without blocking': {
    ring: () => {
      const ring = SharedRing.create();
      const consumer = ring.consumer();
      return timed(ringMessages, { kind: 'ring producer', handle: ring.handle, go: newGo() }, () => consume(consumer));
    },
    port: () => timed(portMessages, { kind: 'port producer', go: newGo() }, (worker) => countPosts(worker)),
  },
  'main to worker, which blocks': {
    ring: () => {
      const ring = SharedRing.create();
      const producer = ring.producer();
      return timed(ringMessages, { kind: 'ring consumer', handle: ring.handle, go: newGo() }, () => produce(producer, ringMessages));
    },
    port: () => timed(portMessages, { kind: 'port consumer', go: newGo() }, post),
  },
};

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

if (isMainThread) {
  console.log(machineLine());
  const results: BenchResult[] = [];
  for (const [name, { ring, port }] of Object.entries(rows)) {
    const rings: number[] = [];
    const ports: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      rings.push(await ring());
      ports.push(await port());
    }
    const [ours, theirs] = [median(rings), median(ports)];
    const row = { what: `SharedRing, ${name}`, value: ours, unit: 'M messages/s', peer: { what: 'postMessage', value: theirs }, ratio: ours / theirs };
    print([row]);
    results.push(row);
  }
  record('shared-ring', results);
} else {
  const job: Job = workerData;
  await work(job);
}
