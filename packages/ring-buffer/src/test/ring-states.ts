import { laneState, withState } from '../shared-ring/lane-tail.ts';
import { attachLayout, laneWord } from '../shared-ring/layout.ts';
import type { RingConsumer, RingProducer, SharedRing } from '../index.ts';

/** The messages that a drain hands over, each as its bytes. */
export function drained(consumer: RingConsumer, maxMessages?: number): number[][] {
  const messages: number[][] = [];
  consumer.drain((bytes, start, end) => void messages.push([...bytes.subarray(start, end)]), maxMessages);
  return messages;
}

/** What a thread leaves that ends in the middle of a message: the mark, and bytes behind the tail that were never committed. */
export function die(ring: SharedRing, producer: RingProducer): RingProducer {
  const { words, lanes } = attachLayout(ring.handle.buffer);
  const word = (lanes[producer.id % 1024]?.control ?? 0) + laneWord.tail;
  const scribble = (): void => {
    producer.tryWrite(producer.maxMessageBytes, (bytes, start, end) => {
      bytes.fill(0xdb, start - 4, end);
      throw new Error('ends here');
    });
  };
  try {
    scribble();
  } catch {
    // As meant: with room it scribbles, without it dies before.
  }
  Atomics.store(words, word, withState(Atomics.load(words, word), laneState.writing));
  return producer;
}
