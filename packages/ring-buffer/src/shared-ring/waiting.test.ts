import { describe, expect, test, vi } from 'vitest';
import { SharedRing, type RingConsumer, type RingProducer, type RingProducerOptions } from '../index.ts';
import { FakeWaits } from '../test/fake-waits.ts';

const code = (name: string) => expect.objectContaining({ code: name });
const message = (id: number): Uint8Array => new Uint8Array(20).fill(id);

function setUp(options: RingProducerOptions = {}) {
  const waits = new FakeWaits();
  const fake = SharedRing.create({ maxProducers: 1, laneBytes: 64, waits });
  return { waits, ...open(fake, options) };
}
function setUpReal(options: RingProducerOptions = {}) {
  return open(SharedRing.create({ maxProducers: 1, laneBytes: 64 }), options);
}
function open(ring: SharedRing, options: RingProducerOptions) {
  return { ring, consumer: ring.consumer(), producer: ring.producer(options) };
}
function fill(producer: RingProducer): void {
  while (producer.tryPush(message(0)));
}
function drained(consumer: RingConsumer): number[] {
  const ids: number[] = [];
  consumer.drain((bytes, start) => void ids.push(bytes[start]!));
  return ids;
}

describe('a consumer that waits', () => {
  test('is woken by a message', async () => {
    const { consumer, producer } = setUpReal();
    const waiting = consumer.wait();
    producer.tryPush(message(1));
    expect(await waiting).toBe(true);
    expect(drained(consumer)).toEqual([1]);
  });

  test('does not wait when something is there', async () => {
    const { consumer, producer, waits } = setUp();
    producer.tryPush(message(1));
    expect([await consumer.wait(), consumer.waitBlocking()]).toEqual([true, true]);
    expect(waits.timeouts).toEqual([]);
  });

  test('gives up when its time is over, however often it wakes for nothing before', async () => {
    const { consumer, waits } = setUp();
    waits.onWait = () => (waits.timeMs += 20);
    expect([await consumer.wait(50), consumer.waitBlocking(30)]).toEqual([false, false]);
    expect([await consumer.receive(10), consumer.receiveBlocking(10)]).toEqual([undefined, undefined]);
    expect(waits.timeouts).toEqual([50, 30, 10, 30, 10, 10, 10]);
  });

  test('really stops blocking its thread', () => {
    const { consumer } = setUpReal();
    expect(consumer.receiveBlocking(1)).toBeUndefined();
  });

  test('blocking, receives what comes meanwhile', () => {
    const { consumer, producer, waits } = setUp();
    waits.onWait = () => producer.tryPush(message(4));
    expect(consumer.receiveBlocking(10)).toEqual(message(4));
  });

  test('twice at a time receives two messages, one each', async () => {
    const { consumer, producer } = setUpReal();
    const both = Promise.all([consumer.receive(), consumer.receive()]);
    producer.tryPush(message(1));
    await Promise.resolve();
    producer.tryPush(message(2));
    expect((await both).map((bytes) => bytes?.[0])).toEqual([1, 2]);
  });

  test('is woken although another wait of it ended before', async () => {
    const { consumer, producer } = setUpReal();
    const patient = consumer.wait();
    expect(await consumer.wait(0)).toBe(false);
    producer.tryPush(message(1));
    expect(await patient).toBe(true);
  });

  test('ends with the ring, once it is empty', async () => {
    const { ring, consumer, producer } = setUpReal();
    const waiting = consumer.wait();
    ring.close();
    expect(await waiting).toBe(false);
    const other = setUpReal();
    other.producer.tryPush(message(1));
    other.ring.close();
    expect(await other.consumer.receive()).toEqual(message(1));
    expect([await other.consumer.receive(), other.consumer.receiveBlocking()]).toEqual([undefined, undefined]);
    expect(() => producer.tryPush(message(1))).toThrow(code('ERR_RING_CLOSED'));
  });

  test('costs the producer a notify only when it waits', async () => {
    const { consumer, producer } = setUpReal();
    const notify = vi.spyOn(Atomics, 'notify');
    try {
      producer.tryPush(message(1));
      await consumer.wait();
      drained(consumer);
      producer.tryPush(message(2));
      drained(consumer);
      expect(notify).toHaveBeenCalledTimes(0);
      const waiting = consumer.wait();
      producer.tryPush(message(3));
      producer.tryPush(message(4));
      await waiting;
      expect(notify).toHaveBeenCalledTimes(1);
    } finally {
      notify.mockRestore();
    }
  });
});

/** Something that another thread does while this one asks for the time: after its look, before its wait. */
function meanwhile(waits: FakeWaits, happens: () => void): void {
  let calls = 0;
  waits.now = () => {
    calls += 1;
    if (calls === 2) happens();
    return 0;
  };
  waits.onWait = () => {
    throw new Error('nobody would have woken it');
  };
}

test('a message that comes between the look and the wait of the consumer wakes it', async () => {
  const { consumer, producer, waits } = setUp();
  meanwhile(waits, () => producer.tryPush(message(1)));
  expect(consumer.waitBlocking()).toBe(true);
  drained(consumer);
  meanwhile(waits, () => producer.tryPush(message(2)));
  expect(await consumer.wait()).toBe(true);
});

test('room that is made between the look and the wait of a producer wakes it', async () => {
  const { consumer, producer, waits } = setUp();
  fill(producer);
  meanwhile(waits, () => drained(consumer));
  producer.pushBlocking(message(1));
  fill(producer);
  meanwhile(waits, () => drained(consumer));
  await producer.push(message(2));
  expect(drained(consumer)).toEqual([2]);
});

describe('a push that waits for room', () => {
  test('keeps its place: nothing overtakes it', async () => {
    const { consumer, producer } = setUpReal();
    fill(producer);
    const pushes = [producer.push(message(1)), producer.push(message(2)), producer.push(message(3))];
    expect(drained(consumer)).toEqual([0, 0]);
    expect(producer.tryPush(message(9))).toBe(false);
    expect(producer.tryWrite(1, () => {})).toBe(false);
    const later: number[] = [];
    while (later.length < 3) {
      await consumer.wait();
      later.push(...drained(consumer));
    }
    await Promise.all(pushes);
    expect(later).toEqual([1, 2, 3]);
    expect(producer.tryPush(message(9))).toBe(true);
  });

  test('costs the consumer no notify once it is over', async () => {
    const { consumer, producer } = setUpReal();
    fill(producer);
    const waiting = producer.push(message(1));
    drained(consumer);
    await waiting;
    const notify = vi.spyOn(Atomics, 'notify');
    try {
      expect(drained(consumer)).toEqual([1]);
      expect(notify).toHaveBeenCalledTimes(0);
    } finally {
      notify.mockRestore();
    }
  });

  test('fails when its time is over, and does not take along those that came later', async () => {
    const { consumer, producer, waits } = setUp({ pushTimeoutMs: 100 });
    fill(producer);
    waits.onWait = () => {
      waits.timeMs = 100;
      waits.onWait = () => drained(consumer);
    };
    const first = producer.push(message(1));
    waits.timeMs = 40;
    const second = producer.push(message(2));
    await expect(first).rejects.toEqual(code('ERR_RING_TIMEOUT'));
    await second;
    expect(waits.timeouts).toEqual([100, 40]);
    expect(drained(consumer)).toEqual([2]);
  });

  test('is over for its caller when its own message is in, though others wait on', async () => {
    const { consumer, producer } = setUpReal();
    fill(producer);
    const first = producer.push(message(1));
    const others = Promise.all([producer.push(message(2)), producer.push(message(3))]);
    drained(consumer);
    await first;
    while (drained(consumer).at(-1) !== 3) await consumer.wait();
    await others;
  });

  test('can be repeated after all that waited have failed', async () => {
    const { consumer, producer } = setUp({ pushTimeoutMs: 5 });
    fill(producer);
    await expect(producer.push(message(1))).rejects.toEqual(code('ERR_RING_TIMEOUT'));
    expect(() => producer.pushBlocking(message(1))).toThrow(code('ERR_RING_TIMEOUT'));
    drained(consumer);
    await producer.push(message(2));
    expect(drained(consumer)).toEqual([2]);
  });

  test('is refused when as many wait as may', async () => {
    const { consumer, producer } = setUpReal({ maxWaitingPushes: 1 });
    fill(producer);
    const waiting = producer.push(message(1));
    await expect(producer.push(message(2))).rejects.toEqual(code('ERR_RING_BACKLOG'));
    expect(() => producer.pushBlocking(message(2))).toThrow(code('ERR_RING_BACKLOG'));
    drained(consumer);
    await waiting;
    expect(drained(consumer)).toEqual([1]);
  });

  test('blocking, goes behind those that wait already', async () => {
    const { consumer, producer, waits } = setUp();
    const seen: number[] = [];
    fill(producer);
    waits.onWait = () => void seen.push(...drained(consumer));
    const waiting = producer.push(message(1));
    producer.pushBlocking(message(2));
    await waiting;
    expect([...seen, ...drained(consumer)]).toEqual([0, 0, 1, 2]);
  });

  test('fails when its message is too long, and lets the others pass', async () => {
    const { consumer, producer } = setUpReal();
    fill(producer);
    const waiting = [producer.push(message(1)), producer.push(new Uint8Array(1000)), producer.push(message(2))];
    const outcomes = Promise.allSettled(waiting);
    drained(consumer);
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await expect(waiting[1]).rejects.toEqual(code('ERR_RING_MESSAGE_SIZE'));
  });

  test.each<{ end: string; by: (ring: SharedRing, producer: RingProducer) => void; becomes: string }>([
    { end: 'the ring is closed', by: (ring) => ring.close(), becomes: 'ERR_RING_CLOSED' },
    { end: 'its producer is given up', by: (ring, { id }) => void ring.abandon(id), becomes: 'ERR_RING_ABANDONED' },
    { end: 'its producer is closed', by: (_, producer) => producer.close(), becomes: 'ERR_RING_ABANDONED' },
  ])('fails when $end', async ({ by, becomes }) => {
    const { ring, consumer, producer } = setUpReal();
    fill(producer);
    const waiting = producer.push(message(1));
    by(ring, producer);
    await expect(waiting).rejects.toEqual(code(becomes));
    expect(drained(consumer)).toEqual([0, 0]);
  });
});
