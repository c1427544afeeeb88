import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeTime } from '../test/fake-time.ts';
import type { BatchResult } from './batcher-options.ts';
import { Batcher } from './batcher.ts';

type Fate = 'done' | 'failed' | 'thrown';

interface Plan {
  readonly maxItems: number;
  readonly maxBytes: number;
  readonly maxDelayMs: number;
  readonly concurrency: number;
  readonly maxAttempts: number;
  readonly maxPending: number;
  readonly targetMs: number | undefined;
  readonly graceMs: number;
  readonly arrivals: readonly { readonly afterMs: number; readonly bytes: number; readonly isFlushed: boolean }[];
  /** Taken in turns: what becomes of each item handed out, and how long each batch takes. */
  readonly fates: readonly Fate[];
  readonly latenciesMs: readonly number[];
}

const plans: fc.Arbitrary<Plan> = fc.record({
  maxItems: fc.integer({ min: 1, max: 8 }),
  maxBytes: fc.integer({ min: 5, max: 40 }),
  maxDelayMs: fc.nat(20),
  concurrency: fc.integer({ min: 1, max: 3 }),
  maxAttempts: fc.integer({ min: 1, max: 4 }),
  maxPending: fc.integer({ min: 1, max: 30 }),
  targetMs: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
  graceMs: fc.nat(3000),
  arrivals: fc.array(fc.record({ afterMs: fc.oneof(fc.constant(0), fc.nat(30)), bytes: fc.nat(6), isFlushed: fc.boolean() }), { maxLength: 40 }),
  fates: fc.array(fc.constantFrom<Fate>('done', 'done', 'done', 'failed', 'thrown'), { minLength: 1, maxLength: 20 }),
  latenciesMs: fc.array(fc.nat(60), { minLength: 1, maxLength: 10 }),
});

/** Runs a plan, holding the batcher to its promises on the way, and gives what became of each item. */
class Run {
  readonly time = new FakeTime();
  readonly done = new Set<number>();
  readonly violations: string[] = [];
  readonly attempts = new Map<number, number>();
  readonly settlements = new Map<number, string[]>();
  readonly deadLetters: number[] = [];
  readonly #plan: Plan;
  readonly #batcher: Batcher<{ readonly id: number; readonly bytes: number }, number>;
  #underWay = 0;
  #batches = 0;
  #drawn = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
    const { maxItems, maxBytes, maxDelayMs, concurrency, maxAttempts, maxPending, targetMs } = plan;
    this.#batcher = new Batcher({
      handle: (items) => this.#handle(items),
      maxItems,
      maxBytes,
      sizeOf: ({ bytes }) => bytes,
      maxDelayMs,
      concurrency,
      maxAttempts,
      maxPending,
      ...(targetMs === undefined ? {} : { targetMs }),
      clock: this.time,
      timers: this.time,
      random: () => 0.7,
      listener: { deadLettered: ({ id }) => this.deadLetters.push(id) },
    });
  }

  async #handle(items: readonly { readonly id: number; readonly bytes: number }[]): Promise<readonly BatchResult<number>[]> {
    const { latenciesMs, fates } = this.#plan;
    this.#underWay += 1;
    this.#check(items);
    this.#batches += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.time.after(latenciesMs[this.#batches % latenciesMs.length]!, resolve);
    await promise;
    this.#underWay -= 1;
    const drawn = items.map(() => fates[(this.#drawn += 1) % fates.length]!);
    if (drawn.includes('thrown')) throw new Error('thrown');
    return items.map(({ id }, i) => {
      if (drawn[i] === 'failed') return { ok: false, error: new Error('failed') };
      this.done.add(id);
      return { ok: true, value: id };
    });
  }

  /** Keeps what is wrong: thrown in a handler it would be one more failure. */
  #check(items: readonly { readonly id: number; readonly bytes: number }[]): void {
    const { maxItems, maxBytes, concurrency, maxAttempts } = this.#plan;
    const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
    if (this.#underWay > concurrency) this.violations.push(`${this.#underWay} batches at a time`);
    if (items.length < 1 || items.length > maxItems) this.violations.push(`a batch of ${items.length}`);
    if (bytes > maxBytes) this.violations.push(`a batch of ${bytes} bytes`);
    for (const { id } of items) {
      const attempts = (this.attempts.get(id) ?? 0) + 1;
      this.attempts.set(id, attempts);
      if (this.done.has(id)) this.violations.push(`${id} is done and handed out again`);
      if (attempts > maxAttempts) this.violations.push(`attempt ${attempts} at ${id}`);
    }
  }

  #add(id: number, bytes: number): void {
    const seen: string[] = [];
    this.settlements.set(id, seen);
    this.#batcher.add({ id, bytes }).then(
      (value) => seen.push(value === id ? 'done' : `the result of ${value}`),
      (error: unknown) => seen.push(error instanceof Error && 'code' in error ? String(error.code) : 'failed'),
    );
  }

  async all(): Promise<void> {
    for (const [id, { afterMs, bytes, isFlushed }] of this.#plan.arrivals.entries()) {
      if (afterMs > 0) await this.time.advanceAsync(afterMs);
      this.#add(id, Math.min(bytes, this.#plan.maxBytes));
      expect(this.#batcher.pending).toBeLessThanOrEqual(this.#plan.maxPending);
      if (isFlushed && id % 5 === 0) void this.#batcher.flush();
    }
    let isClosed = false;
    void this.#batcher.close({ graceMs: this.#plan.graceMs, abortMs: 30 }).then(() => (isClosed = true));
    await this.time.advanceAsync(this.#plan.graceMs + 30);
    expect(isClosed).toBe(true);
    expect(this.#batcher.pending).toBe(0);
  }
}

test('no item is lost or done twice, bounds hold, and every promise is settled exactly once, whatever the handler does', async () => {
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const run = new Run(plan);
      await run.all();
      // What a handler does that took no notice of its signal.
      await run.time.advanceAsync(1000);
      expect(run.violations).toEqual([]);
      expect(run.time.pending).toEqual([]);
      for (const [id, seen] of run.settlements) {
        expect(seen).toHaveLength(1);
        const [outcome = ''] = seen;
        expect(['done', 'failed', 'ERR_QUEUE_FULL', 'ERR_QUEUE_CLOSED']).toContain(outcome);
        // Done and not told so is only what ended after the grace was over.
        if (outcome === 'done' || outcome === 'failed') expect(run.done.has(id)).toBe(outcome === 'done');
        expect(run.deadLetters.filter((dead) => dead === id)).toHaveLength(outcome === 'failed' || outcome === 'ERR_QUEUE_CLOSED' ? 1 : 0);
        if (outcome === 'failed' && plan.graceMs > 2500) expect(run.attempts.get(id)).toBe(plan.maxAttempts);
        if (outcome === 'ERR_QUEUE_FULL') expect(run.attempts.has(id)).toBe(false);
      }
    }),
    { numRuns: 300 },
  );
});

test('the size of batches follows a handler that becomes slower and quicker again', async () => {
  const time = new FakeTime();
  let msPerItem = 0.1;
  const batcher = new Batcher<number, number>({
    handle: async (items) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      time.after(2 + items.length * msPerItem, resolve);
      await promise;
      return items.map((value) => ({ ok: true, value }));
    },
    maxItems: 320,
    targetMs: 12,
    maxPending: 100_000,
    clock: time,
    timers: time,
  });
  const limits: number[] = [];
  for (const cost of [0.1, 1, 0.01]) {
    msPerItem = cost;
    for (let i = 0; i < 8000; i += 1) void batcher.add(i);
    await time.advanceAsync(60_000);
    expect(batcher.pending).toBe(0);
    limits.push(batcher.batchLimit);
  }
  expect(limits[0]).toBeGreaterThanOrEqual(74);
  expect(limits[0]).toBeLessThanOrEqual(110);
  expect(limits[1]).toBeLessThanOrEqual(20);
  expect(limits[2]).toBe(320);
});
