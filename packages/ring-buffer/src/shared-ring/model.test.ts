import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SharedRing, type RingProducer } from '../index.ts';
import { die, drained } from '../test/ring-states.ts';

const code = (name: string) => expect.objectContaining({ code: name });
const content = (id: number, sequence: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => id * 31 + sequence * 7 + i);

/** The books of one lane, kept with positions that never wrap. */
class LaneModel {
  tail = 0;
  head = 0;
  producer: RingProducer | undefined;
  readonly records: { readonly bytes: Uint8Array; readonly end: number }[] = [];

  push(bytes: Uint8Array, laneUnits: number): boolean {
    const units = Math.ceil((bytes.length + 4) / 8);
    const untilEnd = laneUnits - (this.tail % laneUnits);
    const end = this.tail + units + (units > untilEnd ? untilEnd : 0);
    if (end - this.head > laneUnits) return false;
    this.tail = end;
    this.records.push({ bytes, end });
    return true;
  }

  /** Undefined: the lane is empty. */
  pop(): number[] | undefined {
    const record = this.records.shift();
    if (record !== undefined) this.head = record.end;
    return record === undefined ? undefined : [...record.bytes];
  }
}

class RingModel {
  readonly lanes: readonly LaneModel[];
  tornMessages = 0;
  #nextLane = 0;

  constructor(laneCount: number) {
    this.lanes = Array.from({ length: laneCount }, () => new LaneModel());
  }

  drain(maxMessages: number): number[][] {
    const messages: number[][] = [];
    for (let visited = 0; visited < this.lanes.length && messages.length < maxMessages; visited += 1) {
      const lane = this.lanes[this.#nextLane]!;
      this.#nextLane = (this.#nextLane + 1) % this.lanes.length;
      for (let next = lane.pop(); next !== undefined; next = messages.length < maxMessages ? lane.pop() : undefined) messages.push(next);
    }
    return messages;
  }
}

const kinds = ['push', 'write', 'throw', 'close', 'abandon', 'abandonAsExited', 'abandonMidWrite', 'dieAndExit', 'dieUnseen'] as const;
const anyOf = (kind: (typeof kinds)[number]) => fc.record({ kind: fc.constant(kind), lane: fc.nat(2), amount: fc.nat(60) });
const step = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('push' as const, 'write' as const).chain(anyOf) },
  { weight: 5, arbitrary: fc.constantFrom(...kinds).chain(anyOf) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('drain' as const), lane: fc.constant(0), amount: fc.integer({ min: 1, max: 12 }) }) },
);

test('model: any run of pushes, drains, deaths and late commits loses, doubles and mixes up nothing', { timeout: 60_000 }, () => {
  const laneBytes = fc.constantFrom(64, 128, 256);
  fc.assert(
    fc.property(laneBytes, fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 200, size: 'max' }), (laneBytes, maxProducers, steps) => {
      const ring = SharedRing.create({ laneBytes, maxProducers });
      const consumer = ring.consumer();
      const model = new RingModel(maxProducers);
      for (const [sequence, { kind, lane: laneIndex, amount }] of steps.entries()) {
        if (kind === 'drain') {
          expect(drained(consumer, amount)).toEqual(model.drain(amount));
          continue;
        }
        const lane = model.lanes[laneIndex % maxProducers]!;
        for (const each of model.lanes) each.producer ??= ring.producer();
        const producer = lane.producer!;
        const bytes = content(producer.id, sequence, Math.min(amount, producer.maxMessageBytes));
        if (kind === 'push') {
          expect(producer.tryPush(bytes)).toBe(lane.push(bytes, laneBytes / 8));
          continue;
        }
        if (kind === 'write') {
          expect(producer.tryWrite(bytes.length, (memory, start) => memory.set(bytes, start))).toBe(lane.push(bytes, laneBytes / 8));
          continue;
        }
        if (kind === 'throw') {
          try {
            producer.tryWrite(bytes.length, (memory, start, end) => {
              memory.fill(0xdb, start - 4, end);
              throw new Error('changed its mind');
            });
          } catch (error) {
            expect(error).toMatchObject({ message: 'changed its mind' });
          }
          continue;
        }
        let isTorn = false;
        if (kind === 'close') producer.close();
        else if (kind === 'abandon' || kind === 'abandonAsExited') expect(ring.abandon(producer.id, { hasExited: kind === 'abandonAsExited' })).toBe(false);
        else if (kind === 'abandonMidWrite') isTorn = commitsTooLate(ring, producer);
        else {
          die(ring, producer);
          if (kind === 'dieUnseen') expect([ring.abandon(producer.id), ring.usage().keptBack]).toEqual([true, 1]);
          isTorn = ring.abandon(producer.id, { hasExited: true }) || kind === 'dieUnseen';
          expect(isTorn).toBe(true);
        }
        if (isTorn) model.tornMessages += 1;
        expect(() => producer.tryPush(bytes)).toThrow(code('ERR_RING_ABANDONED'));
        expect(ring.abandon(producer.id, { hasExited: true })).toBe(false);
        lane.producer = undefined;
      }
      expect(drained(consumer)).toEqual(model.drain(Infinity));
      expect(drained(consumer)).toEqual([]);
      const producers = model.lanes.filter(({ producer }) => producer !== undefined).length;
      expect(ring.usage()).toEqual({ producers, keptBack: 0, pendingBytes: 0, tornMessages: model.tornMessages, brokenLanes: 0 });
    }),
    { numRuns: 150 },
  );
});

/** A slow producer that is given up in the middle of a message, and then finishes it. False: there was no room to begin. */
function commitsTooLate(ring: SharedRing, producer: RingProducer): boolean {
  // Looked at outside of the writer: what a writer throws for a message that is lost anyway is not passed on.
  const meanwhile: unknown[] = [];
  const write = (): boolean =>
    producer.tryWrite(producer.maxMessageBytes, (bytes, start, end) => {
      meanwhile.push(ring.abandon(producer.id), ring.abandon(producer.id), ring.usage().keptBack);
      bytes.fill(0xdb, start, end);
    });
  try {
    expect(write()).toBe(false);
    ring.abandon(producer.id);
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_RING_ABANDONED' });
    expect(meanwhile).toEqual([true, false, 1]);
  }
  return meanwhile.length > 0;
}
