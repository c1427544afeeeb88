import { describe, expect, test } from 'vitest';
import { SharedRing } from '../index.ts';
import { die, drained } from '../test/ring-states.ts';
import { attachLayout, laneWord } from './layout.ts';

const code = (name: string) => expect.objectContaining({ code: name });

describe('SharedRing', () => {
  test('a producer that died in the middle of a message leaves nothing, and its lane goes to the next', () => {
    const ring = SharedRing.create({ maxProducers: 1, laneBytes: 128 });
    const consumer = ring.consumer();
    const first = ring.producer();
    first.tryPush(Uint8Array.of(1));
    die(ring, first);
    expect(drained(consumer)).toEqual([[1]]);
    expect(() => ring.producer()).toThrow(code('ERR_RING_PRODUCERS'));
    expect(ring.abandon(first.id, { hasExited: true })).toBe(true);
    const second = ring.producer();
    expect(second.id).not.toBe(first.id);
    second.tryPush(Uint8Array.of(2));
    expect(drained(consumer)).toEqual([[2]]);
    expect(ring.usage().tornMessages).toBe(1);
  });

  test('the lane of one that may still write is kept back until its end is certain', () => {
    const ring = SharedRing.create({ maxProducers: 1 });
    const { id } = die(ring, ring.producer());
    expect([ring.abandon(id), ring.abandon(id)]).toEqual([true, false]);
    expect(() => ring.lend()).toThrow(code('ERR_RING_PRODUCERS'));
    expect(ring.abandon(id, { hasExited: true })).toBe(false);
    expect(ring.usage()).toMatchObject({ producers: 0, keptBack: 0, tornMessages: 1 });
  });

  test('others go on while a dead producer holds its lane', () => {
    const ring = SharedRing.create({ maxProducers: 2, laneBytes: 64 });
    const consumer = ring.consumer();
    die(ring, ring.producer());
    const other = ring.producer();
    for (let i = 0; i < 100; i += 1) {
      expect(other.tryPush(Uint8Array.of(i))).toBe(true);
      expect(drained(consumer)).toEqual([[i]]);
    }
  });

  test('a producer that was given up cannot write a byte into the lane of its successor', () => {
    const ring = SharedRing.create({ maxProducers: 1, laneBytes: 128 });
    const consumer = ring.consumer();
    const late = ring.producer();
    ring.abandon(late.id);
    const successor = ring.producer();
    let hasWritten = false;
    expect(() => late.tryWrite(8, () => (hasWritten = true))).toThrow(code('ERR_RING_ABANDONED'));
    expect(hasWritten).toBe(false);
    late.close();
    expect(successor.tryPush(Uint8Array.of(7))).toBe(true);
    expect(drained(consumer)).toEqual([[7]]);
  });

  test.each([
    { way: 'commits', end: () => {} },
    {
      way: 'throws',
      end: () => {
        throw new Error('changed its mind');
      },
    },
  ])('a lane that was kept back is free once its late producer $way', ({ end }) => {
    const ring = SharedRing.create({ maxProducers: 1 });
    const late = ring.producer();
    let meanwhile: unknown;
    const writes = (): boolean =>
      late.tryWrite(8, () => {
        ring.abandon(late.id);
        meanwhile = ring.usage();
        end();
      });
    expect(writes).toThrow(code('ERR_RING_ABANDONED'));
    expect(meanwhile).toMatchObject({ producers: 1, keptBack: 1, tornMessages: 1 });
    expect(ring.usage()).toMatchObject({ producers: 0, keptBack: 0, tornMessages: 1 });
    expect(ring.producer().tryPush(Uint8Array.of(1))).toBe(true);
  });

  test('a producer that was given up does not set free what is kept back for its successor', () => {
    const ring = SharedRing.create({ maxProducers: 1 });
    const late = ring.producer();
    ring.abandon(late.id);
    const successor = ring.producer();
    die(ring, successor);
    ring.abandon(successor.id);
    expect(() => late.tryPush(Uint8Array.of(1))).toThrow(code('ERR_RING_ABANDONED'));
    expect(ring.usage().keptBack).toBe(1);
  });

  test('a producer that was given up while its lane is full is told, and does not take it for a lack of room', () => {
    const ring = SharedRing.create({ maxProducers: 1, laneBytes: 64 });
    const producer = ring.producer();
    while (producer.tryPush(new Uint8Array(20)));
    ring.abandon(producer.id);
    expect(() => producer.tryPush(new Uint8Array(20))).toThrow(code('ERR_RING_ABANDONED'));
  });

  test('an empty lane has room for the longest message at every place', () => {
    const ring = SharedRing.create({ maxProducers: 1, laneBytes: 128 });
    const consumer = ring.consumer();
    const producer = ring.producer();
    expect(producer.maxMessageBytes).toBe(60);
    for (let i = 0; i < 40; i += 1) {
      expect(producer.tryPush(new Uint8Array(i % 3))).toBe(true);
      drained(consumer);
      expect(producer.tryPush(new Uint8Array(60))).toBe(true);
      expect(drained(consumer)).toEqual([Array.from({ length: 60 }, () => 0)]);
    }
    expect(() => producer.tryPush(new Uint8Array(61))).toThrow(code('ERR_RING_MESSAGE_SIZE'));
    for (const length of [-1, 1.5, Number.NaN]) expect(() => producer.tryWrite(length, () => {})).toThrow(code('ERR_RING_MESSAGE_SIZE'));
  });

  test('positions wrap: many times as much passes through as they can count', () => {
    const ring = SharedRing.create({ maxProducers: 1, laneBytes: 1_048_576 });
    const consumer = ring.consumer();
    const producer = ring.producer();
    const big = new Uint8Array(producer.maxMessageBytes);
    for (let i = 0; i < 50; i += 1) {
      big[0] = i;
      expect(producer.tryPush(big)).toBe(true);
      let first = -1;
      consumer.drain((bytes, start) => void (first = bytes[start] ?? -1));
      expect(first).toBe(i);
    }
  });

  test('a small batch leaves no lane waiting for ever behind a busy one', () => {
    const ring = SharedRing.create({ maxProducers: 2 });
    const consumer = ring.consumer();
    const [busy, quiet] = [ring.producer(), ring.producer()];
    for (let i = 0; i < 10; i += 1) busy.tryPush(Uint8Array.of(1));
    quiet.tryPush(Uint8Array.of(2));
    expect([...drained(consumer, 1), ...drained(consumer, 1)]).toEqual([[1], [2]]);
  });

  test('a reader that throws has read its message, and the rest stays', () => {
    const ring = SharedRing.create();
    const consumer = ring.consumer();
    const producer = ring.producer();
    for (const id of [1, 2]) producer.tryPush(Uint8Array.of(id));
    expect(() =>
      consumer.drain(() => {
        throw new Error('reader');
      }),
    ).toThrow('reader');
    expect(drained(consumer)).toEqual([[2]]);
    expect(ring.usage().pendingBytes).toBe(0);
  });

  test('neither a reader nor a writer can call itself', () => {
    const ring = SharedRing.create();
    const consumer = ring.consumer();
    const producer = ring.producer();
    const pushes = (): boolean => producer.tryWrite(1, () => void producer.tryPush(Uint8Array.of(1)));
    expect(pushes).toThrow(code('ERR_RING_REENTRANT'));
    expect(() => producer.tryWrite(1, () => producer.close())).toThrow(code('ERR_RING_REENTRANT'));
    expect(producer.tryPush(Uint8Array.of(3))).toBe(true);
    expect(() => consumer.drain(() => void consumer.drain(() => {}))).toThrow(code('ERR_RING_REENTRANT'));
    expect(drained(consumer)).toEqual([]);
  });

  test('a lane whose records make no sense is skipped to its tail and counted', () => {
    const ring = SharedRing.create({ maxProducers: 1, laneBytes: 128 });
    const consumer = ring.consumer();
    const producer = ring.producer();
    for (const length of [1000, -7, 12, 0x7fff_ffff]) {
      producer.tryPush(Uint8Array.of(1));
      const { words, lanes } = attachLayout(ring.handle.buffer);
      words[lanes[0]!.start / 4 + (words[lanes[0]!.control + laneWord.head]! & 15) * 2] = length;
      expect(drained(consumer)).toEqual([]);
    }
    producer.tryPush(Uint8Array.of(5));
    expect(drained(consumer)).toEqual([[5]]);
    expect(ring.usage().brokenLanes).toBe(4);
  });

  test('a record that would reach over the end of its lane is not read', () => {
    const ring = SharedRing.create({ maxProducers: 1, laneBytes: 128 });
    const consumer = ring.consumer();
    const producer = ring.producer();
    const pushTen = (): void => {
      for (let i = 0; i < 10; i += 1) producer.tryPush(Uint8Array.of(i));
    };
    pushTen();
    drained(consumer);
    pushTen();
    const { words, lanes } = attachLayout(ring.handle.buffer);
    words[lanes[0]!.start / 4 + 10 * 2] = 7 * 8 - 4;
    expect(drained(consumer)).toEqual([]);
    expect(ring.usage()).toMatchObject({ brokenLanes: 1, pendingBytes: 0 });
  });

  test('an id opens one producer, once', () => {
    const ring = SharedRing.create({ maxProducers: 1 });
    const id = ring.lend();
    expect(() => ring.lend()).toThrow(code('ERR_RING_PRODUCERS'));
    const producer = SharedRing.attach(structuredClone(ring.handle)).producer({ id });
    expect(() => ring.producer({ id })).toThrow(code('ERR_RING_PRODUCER'));
    producer.close();
    expect(() => ring.producer({ id })).toThrow(code('ERR_RING_PRODUCER'));
    const abandonedBeforeItCame = ring.lend();
    expect(ring.abandon(abandonedBeforeItCame)).toBe(false);
    expect(() => ring.producer({ id: abandonedBeforeItCame })).toThrow(code('ERR_RING_PRODUCER'));
    ring.lend();
    expect(() => ring.producer({ id: abandonedBeforeItCame })).toThrow(code('ERR_RING_PRODUCER'));
    for (const id of [1, -1, 0.5]) expect(() => ring.abandon(id)).toThrow(code('ERR_RING_PRODUCER'));
  });

  test('an old id does not abandon the producer that has the lane now', () => {
    const ring = SharedRing.create({ maxProducers: 1 });
    const old = ring.lend();
    ring.abandon(old);
    const producer = ring.producer();
    expect(ring.abandon(old, { hasExited: true })).toBe(false);
    expect(producer.tryPush(Uint8Array.of(1))).toBe(true);
  });

  test('a lane is lent any number of times; ids come again after 2,048', () => {
    const ring = SharedRing.create({ maxProducers: 1 });
    const consumer = ring.consumer();
    const ids = Array.from({ length: 2049 }, (_, i) => {
      const producer = ring.producer();
      expect(producer.tryPush(Uint8Array.of(i))).toBe(true);
      expect(drained(consumer)).toEqual([[i & 255]]);
      producer.close();
      return producer.id;
    });
    expect(new Set(ids).size).toBe(2048);
    expect(ids[2048]).toBe(ids[0]);
  });

  test('there is one consumer', () => {
    const ring = SharedRing.create();
    ring.consumer();
    expect(() => SharedRing.attach(ring.handle).consumer()).toThrow(code('ERR_RING_CONSUMER'));
  });

  test('memory that is not of a ring is refused', () => {
    const loose: { attach(handle: unknown): unknown } = SharedRing;
    const foreign = [new SharedArrayBuffer(8), new SharedArrayBuffer(4096), new ArrayBuffer(4096), undefined];
    for (const buffer of foreign) expect(() => loose.attach({ buffer })).toThrow(code('ERR_RING_HANDLE'));
    expect(() => loose.attach(undefined)).toThrow(code('ERR_RING_HANDLE'));
    const cut = SharedRing.create({ maxProducers: 2, laneBytes: 64 }).handle.buffer.slice(0, 600);
    expect(() => SharedRing.attach({ buffer: cut })).toThrow(code('ERR_RING_HANDLE'));
  });

  test.each([
    { maxProducers: 0 },
    { maxProducers: 1025 },
    { maxProducers: 1.5 },
    { laneBytes: 32 },
    { laneBytes: 100 },
    { laneBytes: 2 ** 21 },
    { laneBytes: Number.NaN },
  ])('%o is refused', (options) => {
    expect(() => SharedRing.create(options)).toThrow(code('ERR_RING_OPTIONS'));
  });

  test.each([{ pushTimeoutMs: -1 }, { pushTimeoutMs: Number.NaN }, { maxWaitingPushes: 0 }])(
    'a producer with %o is refused, and no lane is lost',
    (options) => {
      const ring = SharedRing.create({ maxProducers: 1 });
      expect(() => ring.producer(options)).toThrow(code('ERR_RING_OPTIONS'));
      expect(ring.usage().producers).toBe(0);
    },
  );
});
