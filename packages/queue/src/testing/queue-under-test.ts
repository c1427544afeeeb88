import { strict as assert } from 'node:assert';
import type { QueueErrorCode } from '../errors.ts';
import type { Backoff, Queue, QueueOptions } from '../queue.ts';

/** What the cases put into the queue. */
export interface TestData {
  readonly n: number;
}

/** How the cases make queues and let time pass; one for each case. */
export interface QueueUnderTest {
  /** Each call gives a queue with nothing in it but what an earlier one of this object kept when it was closed. */
  open(options?: QueueOptions): Promise<Queue<TestData>>;
  /** A queue of `TestData` whose job was written by a version that wrote something else. */
  addForeign(queue: Queue<TestData>, data: unknown): Promise<string>;
  /** Lets time pass, real or not, until the condition holds; rejects if it never does. */
  until(condition: () => boolean | Promise<boolean>): Promise<void>;
  /** Lets time pass. */
  pass(timeMs: number): Promise<void>;
  /** Milliseconds of the time that passes here. */
  now(): number;
  /** After the case: closes and deletes what is left. */
  dispose(): Promise<void>;
}

/** Reads {@link TestData}; what the queues under test are to be opened with. */
export function parseTestData(data: unknown): TestData {
  if (typeof data === 'object' && data !== null && 'n' in data && typeof data.n === 'number') return { n: data.n };
  throw new TypeError('n is not there');
}

/** One promise, and how to see whether it is kept. */
export type Case = (test: QueueUnderTest) => Promise<void>;

/** Longer than a case needs on a loaded machine. */
export const longMs: number = 60_000;
/** A back-off that nobody has to wait for. */
export const quickly: Backoff = { baseMs: 10, maxMs: 20 };

/** Handles jobs, one at a time, until as many as expected were handled; in their order. */
export async function handled(test: QueueUnderTest, queue: Queue<TestData>, count: number): Promise<readonly number[]> {
  const seen: number[] = [];
  queue.process(({ data }) => void seen.push(data.n));
  await test.until(() => seen.length >= count);
  return seen;
}

export async function isIdle(test: QueueUnderTest, queue: Queue<TestData>): Promise<void> {
  await test.until(async () => {
    const { waiting, delayed, active } = await queue.counts();
    return waiting + delayed + active === 0;
  });
}

export async function isEmpty(test: QueueUnderTest, queue: Queue<TestData>): Promise<void> {
  await isIdle(test, queue);
  assert.equal((await queue.counts()).dead, 0);
}

export async function rejectsWith(code: QueueErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, { code });
}
