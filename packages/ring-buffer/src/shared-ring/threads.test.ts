import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { SharedRing, type RingConsumer } from '../index.ts';
import { Ledger } from '../test/numbered-message.ts';
import { attachLayout, laneWord } from './layout.ts';

const started: Worker[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((worker) => worker.terminate()));
});

type Way = 'push' | 'pushBlocking' | 'writeInPlace';

/** A thread with a producer of its own. When it ends, its producer is given up as the README says. */
function startProducer(ring: SharedRing, way: Way, count: number) {
  const producerId = ring.lend();
  const worker = new Worker(new URL('../test/producer-worker.ts', import.meta.url), {
    execArgv: ['--conditions=@midgard/source'],
    workerData: { handle: ring.handle, producerId, count, way },
  });
  started.push(worker);
  let wasTorn = false;
  worker.on('exit', () => (wasTorn = ring.abandon(producerId, { hasExited: true })));
  const exited = once(worker, 'exit').then(() => wasTorn);
  return { producerId, worker, exited };
}

/** Reads until all have ended and nothing is left. A producer that ended early shows in the ledger, and does not hang the test. */
async function readAll(ring: SharedRing, consumer: RingConsumer, ledger: Ledger, exits: readonly Promise<unknown>[]): Promise<void> {
  const allExited = Promise.all(exits).finally(() => ring.close());
  while (await consumer.wait()) consumer.drain(ledger.read);
  await allExited;
  consumer.drain(ledger.read);
}

const four = [0, 1, 2, 3];

describe('threads', () => {
  test.each<{ way: Way; count: number }>([
    { way: 'pushBlocking', count: 1_000_000 },
    { way: 'push', count: 100_000 },
  ])('4 threads $way $count messages each: none is lost, doubled, torn or out of order', { timeout: 120_000 }, async ({ way, count }) => {
    const ring = SharedRing.create({ maxProducers: 4 });
    const consumer = ring.consumer();
    const ledger = new Ledger();
    const producers = four.map(() => startProducer(ring, way, count));
    const exits = producers.map(({ exited }) => exited);
    await readAll(ring, consumer, ledger, exits);
    expect(ledger.fault).toBeUndefined();
    expect(ledger.nextOf).toEqual(new Map(producers.map(({ producerId }) => [producerId, count])));
    expect(ring.usage()).toEqual({ producers: 0, keptBack: 0, pendingBytes: 0, tornMessages: 0, brokenLanes: 0 });
  });

  test('producers that are killed at random moments tear only their own last message, and others go on', { timeout: 120_000 }, async () => {
    const kills = 30;
    const steadyCount = 150_000;
    const ring = SharedRing.create({ maxProducers: 4 });
    const consumer = ring.consumer();
    const ledger = new Ledger();
    const steady = [startProducer(ring, 'pushBlocking', steadyCount), startProducer(ring, 'push', steadyCount)];

    let torn = 0;
    const killOne = async (i: number): Promise<void> => {
      const victim = startProducer(ring, 'writeInPlace', Infinity);
      // Somewhere in its life: a number of messages, not a time, so that it means the same on a slow machine.
      while ((ledger.nextOf.get(victim.producerId) ?? 0) < (i * 7919) % 5000) await new Promise(setImmediate);
      await victim.worker.terminate();
      if (await victim.exited) torn += 1;
    };
    const killInARow = async (first: number): Promise<void> => {
      for (let i = first; i < kills; i += 2) await killOne(i);
    };
    await readAll(ring, consumer, ledger, [...steady.map(({ exited }) => exited), killInARow(0), killInARow(1)]);

    expect(ledger.fault).toBeUndefined();
    for (const { producerId } of steady) expect(ledger.nextOf.get(producerId)).toBe(steadyCount);
    expect(torn).toBeGreaterThan(0);
    expect(ring.usage()).toEqual({ producers: 0, keptBack: 0, pendingBytes: 0, tornMessages: torn, brokenLanes: 0 });
  });

  test('a worker that has nothing to do but wait for room stays alive', { timeout: 60_000 }, async () => {
    const ring = SharedRing.create({ maxProducers: 1, laneBytes: 1024 });
    const { exited, producerId } = startProducer(ring, 'push', 1000);
    const { words, lanes } = attachLayout(ring.handle.buffer);
    while (Atomics.load(words, lanes[0]!.control + laneWord.isProducerWaiting) === 0) await new Promise(setImmediate);
    const ledger = new Ledger();
    await readAll(ring, ring.consumer(), ledger, [exited]);
    expect(ledger.nextOf.get(producerId)).toBe(1000);
  });

  test('a thread that blocks on an empty ring is woken by another', { timeout: 60_000 }, () => {
    const ring = SharedRing.create({ maxProducers: 1 });
    const consumer = ring.consumer();
    const ledger = new Ledger();
    startProducer(ring, 'pushBlocking', 1000);
    while (ledger.received < 1000 && consumer.waitBlocking(30_000)) consumer.drain(ledger.read);
    expect([ledger.received, ledger.fault]).toEqual([1000, undefined]);
  });
});
