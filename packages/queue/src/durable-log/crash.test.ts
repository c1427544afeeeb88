import fc from 'fast-check';
import { expect, test } from 'vitest';
import { QueueError } from '../errors.ts';
import { DurableLog } from './durable-log.ts';
import { ForgetfulDisk } from './test/forgetful-disk.ts';

const directory = '/log';

type Step = { readonly append: number } | { readonly consume: number } | { readonly wait: true } | { readonly refuse: number };

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ append: fc.nat({ max: 1500 }) }) },
    { weight: 1, arbitrary: fc.record({ consume: fc.double({ min: 0, max: 1, noNaN: true }) }) },
    { weight: 2, arbitrary: fc.constant({ wait: true as const }) },
    { weight: 1, arbitrary: fc.record({ refuse: fc.integer({ min: 1, max: 3 }) }) },
  ),
  { maxLength: 40 },
);
const life = fc.record({ steps, stepsOfDisk: fc.nat({ max: 120 }), segmentBytes: fc.constantFrom(300, 2000, 100_000) });
const lives = fc.record({ lives: fc.array(life, { minLength: 1, maxLength: 5 }), seed: fc.integer() });

/** What every life of the log must leave behind. */
class Books {
  /** By sequence, what was acknowledged. */
  readonly acknowledged = new Map<number, string>();
  /** What was handed over and never answered, since the power went: it may be there or not. */
  readonly unanswered = new Set<string>();
  /** What the caller was told is not in the log. */
  readonly refused = new Set<string>();
  noted = 0;
  made = 0;
}

/** Bits that repeat with their seed (xorshift32). */
function coin(seed: number): () => boolean {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state & 1) === 1;
  };
}

async function check(log: DurableLog, books: Books): Promise<void> {
  const { consumed, durable } = log.figures();
  expect(consumed).toBeGreaterThanOrEqual(books.noted);
  expect(durable).toBeGreaterThanOrEqual(Math.max(0, ...books.acknowledged.keys()));
  let last = consumed;
  for await (const { sequence, payload } of log.read()) {
    expect(sequence).toBe(last + 1);
    last = sequence;
    const text = payload.toString();
    const known = books.acknowledged.get(sequence);
    expect(books.refused.has(text)).toBe(false);
    if (known === undefined) expect(books.unanswered.has(text)).toBe(true);
    else expect(text).toBe(known);
    books.acknowledged.set(sequence, text);
  }
  expect(last).toBe(durable);
}

async function live(log: DurableLog, disk: ForgetfulDisk, books: Books, plan: readonly Step[]): Promise<void> {
  const answers: Promise<unknown>[] = [];
  for (const step of plan) {
    if ('append' in step) {
      const text = `${(books.made += 1)}:${'x'.repeat(step.append)}`;
      books.unanswered.add(text);
      const answer = log.append(Buffer.from(text)).then((sequence) => {
        expect(books.acknowledged.has(sequence)).toBe(false);
        books.acknowledged.set(sequence, text);
      });
      answers.push(
        answer.catch((error: unknown) => {
          if (error instanceof QueueError && error.code === 'ERR_QUEUE_LOG_FULL') books.refused.add(text);
        }),
      );
    } else if ('consume' in step) {
      const sequence = Math.floor(log.figures().durable * step.consume);
      answers.push(
        log.consume(sequence).then(
          () => (books.noted = Math.max(books.noted, sequence)),
          () => undefined,
        ),
      );
    } else if ('refuse' in step) {
      fillUp(disk, step.refuse);
    } else {
      await Promise.all(answers);
    }
  }
  await Promise.all(answers);
}

/** Lets some writes fail half way, as on a full disk. */
function fillUp(disk: ForgetfulDisk, writes: number): void {
  const { fault } = disk;
  let left = writes;
  disk.fault = (step, bytes) => {
    const error = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    return fault(step, bytes) ?? (step === 'write' && left-- > 0 ? { error, doneBytes: bytes >> 1 } : undefined);
  };
}

test('a loss of power at any step of the disk loses nothing that was acknowledged, and invents nothing', async () => {
  await fc.assert(
    fc.asyncProperty(lives, async ({ lives: all, seed }) => {
      const disk = new ForgetfulDisk();
      const books = new Books();
      const chance = coin(seed);
      disk.writesBack = chance;
      for (const { steps: plan, stepsOfDisk, segmentBytes } of all) {
        const log = await DurableLog.open({ directory, files: disk, segmentBytes, maxRecordBytes: 2000 });
        await check(log, books);
        let left = stepsOfDisk;
        // From here on the machine is dead: whatever it still tries fails, and a write may be half done.
        disk.fault = (_, bytes) => (left-- > 0 ? undefined : { error: new Error('no power'), doneBytes: left === -1 ? bytes >> 1 : 0 });
        await live(log, disk, books, plan);
        await log.close().catch(() => undefined);
        disk.losePower(chance);
      }
      await using log = await DurableLog.open({ directory, files: disk, maxRecordBytes: 2000 });
      await check(log, books);
    }),
    { numRuns: 300 },
  );
});
