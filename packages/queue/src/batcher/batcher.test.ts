import { spawnSync } from 'node:child_process';
import { beforeEach, describe, expect, test } from 'vitest';
import { FakeTime, settle } from '../test/fake-time.ts';
import type { BatcherOptions, BatchResult } from './batcher-options.ts';
import { Batcher } from './batcher.ts';

let time: FakeTime;
let startMs: number;
let events: string[];
beforeEach(() => {
  time = new FakeTime();
  startMs = time.now();
  events = [];
});

function elapsed(): number {
  return time.now() - startMs;
}

function resultOf(item: string, failing: readonly string[]): BatchResult<string> {
  return failing.includes(item) ? { ok: false, error: new Error(`no ${item}`) } : { ok: true, value: `done ${item}` };
}

/** A handler whose batches the test ends one by one. */
class SlowHandler {
  readonly batches: { readonly items: readonly string[]; readonly atMs: number; readonly signal: AbortSignal }[] = [];
  readonly #underWay: {
    readonly items: readonly string[];
    readonly resolve: (results: readonly BatchResult<string>[]) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];

  readonly handle = (items: readonly string[], { signal }: { readonly signal: AbortSignal }): Promise<readonly BatchResult<string>[]> => {
    this.batches.push({ items, atMs: elapsed(), signal });
    const { promise, resolve, reject } = Promise.withResolvers<readonly BatchResult<string>[]>();
    this.#underWay.push({ items, resolve, reject });
    return promise;
  };

  get sizes(): number[] {
    return this.batches.map(({ items }) => items.length);
  }

  /** Ends the oldest batch under way; items whose name is among `failing` fail. */
  async end(...failing: readonly string[]): Promise<void> {
    const [oldest] = this.#underWay.splice(0, 1);
    oldest?.resolve(oldest.items.map((item) => resultOf(item, failing)));
    await settle();
  }

  async endNewest(): Promise<void> {
    const newest = this.#underWay.pop();
    newest?.resolve(newest.items.map((item) => resultOf(item, [])));
    await settle();
  }

  async fail(error: unknown): Promise<void> {
    this.#underWay.shift()?.reject(error);
    await settle();
  }
}

let handler: SlowHandler;
beforeEach(() => {
  handler = new SlowHandler();
});

function make(options: Partial<BatcherOptions<string, string>> = {}): Batcher<string, string> {
  return new Batcher<string, string>({
    handle: handler.handle,
    clock: time,
    timers: time,
    random: () => 0.5,
    listener: {
      batchFlushed: ({ size, bytes, waitMs, durationMs, failed }) =>
        events.push(`flushed ${size} of ${bytes} bytes, ${waitMs} + ${durationMs} ms, ${failed} failed`),
      retried: (count, delayMs) => events.push(`retried ${count} in ${delayMs} ms`),
      deadLettered: (item, error, attempts) => events.push(`gave up ${item} after ${attempts}: ${error instanceof Error ? error.message : String(error)}`),
    },
    ...options,
  });
}

/** Adds items; what becomes of them can be asked later. */
function addAll(batcher: Batcher<string, string>, ...items: readonly string[]): string[] {
  const outcomes: string[] = items.map(() => 'pending');
  for (const [i, item] of items.entries()) {
    batcher.add(item).then(
      (result) => (outcomes[i] = result),
      (error: unknown) => (outcomes[i] = error instanceof Error && 'code' in error ? String(error.code) : String(error)),
    );
  }
  return outcomes;
}

describe('when a batch goes', () => {
  test('as soon as there are enough items', async () => {
    const batcher = make({ maxItems: 3 });
    const outcomes = addAll(batcher, 'a', 'b', 'c', 'd');
    await settle();
    expect(handler.batches.map(({ items }) => items)).toEqual([['a', 'b', 'c']]);
    await handler.end();
    expect(outcomes).toEqual(['done a', 'done b', 'done c', 'pending']);
  });

  test('as soon as they are heavy enough, and never heavier than the bound', async () => {
    const batcher = make({ maxBytes: 10, sizeOf: (item) => item.length });
    addAll(batcher, '12345', '1234');
    await settle();
    expect(handler.sizes).toEqual([]);
    addAll(batcher, '12', '1234567890');
    await settle();
    await handler.end();
    await handler.end();
    await handler.end();
    expect(handler.batches.map(({ items }) => items)).toEqual([['12345', '1234'], ['12'], ['1234567890']]);
    expect(events[0]).toBe('flushed 2 of 9 bytes, 0 + 0 ms, 0 failed');
  });

  test('when its oldest item has waited long enough', async () => {
    const batcher = make({ maxDelayMs: 20 });
    addAll(batcher, 'a');
    await time.advanceAsync(15);
    addAll(batcher, 'b');
    await time.advanceAsync(4);
    expect(handler.sizes).toEqual([]);
    await time.advanceAsync(1);
    expect(handler.batches).toMatchObject([{ items: ['a', 'b'], atMs: 20 }]);
    await time.advanceAsync(7);
    await handler.end();
    expect(events).toEqual(['flushed 2 of 0 bytes, 20 + 7 ms, 0 failed']);
    expect(time.pending).toEqual([]);
  });

  test('without delay, batches form while the handler is busy', async () => {
    const batcher = make({ maxDelayMs: 0 });
    addAll(batcher, 'a', 'b', 'c');
    await settle();
    expect(handler.sizes).toEqual([1]);
    await handler.end();
    expect(handler.sizes).toEqual([1, 2]);
  });

  test('one timer serves all that waits', () => {
    const batcher = make({ maxItems: 1000 });
    addAll(batcher, ...Array.from({ length: 100 }, String));
    expect(time.timersSet).toBe(1);
  });

  test('no more than `concurrency` are under way, and what waited too long goes as soon as one is back', async () => {
    const batcher = make({ maxItems: 2, concurrency: 2 });
    addAll(batcher, 'a', 'b', 'c', 'd', 'e');
    await time.advanceAsync(100);
    expect(handler.sizes).toEqual([2, 2]);
    await handler.end();
    expect(handler.sizes).toEqual([2, 2, 1]);
  });

  test('in the order of add, one after another', async () => {
    const batcher = make({ maxItems: 2 });
    addAll(batcher, 'a', 'b', 'c', 'd', 'e');
    void batcher.flush();
    for (let i = 0; i < 3; i += 1) {
      await settle();
      await handler.end();
    }
    expect(handler.batches.map(({ items }) => items.join(''))).toEqual(['ab', 'cd', 'e']);
  });

  test('never within add', () => {
    const batcher = make({ maxItems: 1 });
    addAll(batcher, 'a');
    expect(handler.sizes).toEqual([]);
  });
});

describe('what fails', () => {
  test('only what failed is tried again, after a delay by chance that doubles', async () => {
    const batcher = make({ maxItems: 3, maxAttempts: 3, retryBaseMs: 100 });
    const outcomes = addAll(batcher, 'a', 'b', 'c');
    await settle();
    await handler.end('a', 'c');
    expect(outcomes).toEqual(['pending', 'done b', 'pending']);
    await time.advanceAsync(49);
    expect(handler.sizes).toEqual([3]);
    await time.advanceAsync(1);
    expect(handler.batches.at(-1)?.items).toEqual(['a', 'c']);
    await handler.end('c');
    await time.advanceAsync(100);
    await handler.end('c');
    expect(outcomes).toEqual(['done a', 'done b', 'Error: no c']);
    expect(events.filter((event) => !event.startsWith('flushed'))).toEqual(['retried 2 in 50 ms', 'retried 1 in 100 ms', 'gave up c after 3: no c']);
    expect([batcher.pending, time.pending]).toEqual([0, []]);
  });

  test('the doubling ends', async () => {
    const batcher = make({ maxItems: 1, maxAttempts: 5, retryBaseMs: 100, retryCapMs: 250 });
    addAll(batcher, 'a');
    for (let i = 0; i < 4; i += 1) {
      await settle();
      await handler.end('a');
      await time.advanceAsync(200);
    }
    expect(events.filter((event) => event.startsWith('retried')).map((event) => event.slice(13))).toEqual(['50 ms', '100 ms', '125 ms', '125 ms']);
  });

  test('what is tried again goes first and waits for no companions', async () => {
    const batcher = make({ maxItems: 3, maxDelayMs: 1000, retryBaseMs: 10 });
    addAll(batcher, 'a', 'b', 'c');
    await settle();
    await handler.end('a', 'b');
    await time.advanceAsync(5);
    expect(handler.batches.at(-1)).toMatchObject({ items: ['a', 'b'], atMs: 5 });
    addAll(batcher, 'd');
    await handler.end('b');
    await time.advanceAsync(10);
    expect(handler.batches.at(-1)).toMatchObject({ items: ['b', 'd'], atMs: 15 });
  });

  test('no delay is longer than a timer of the process can be', async () => {
    addAll(make({ maxItems: 1, retryBaseMs: 2 ** 40, retryCapMs: 2 ** 50 }), 'a');
    addAll(make({ maxDelayMs: 2 ** 40 }), 'b');
    await settle();
    await handler.end('a');
    expect(time.pending.map(({ delayMs }) => delayMs)).toEqual([(2 ** 31 - 1) / 2, 2 ** 31 - 1]);
  });

  test('a handler that throws, at once or later, fails every item', async () => {
    const outcomes = addAll(make({ maxItems: 2, maxAttempts: 1 }), 'a', 'b');
    await settle();
    await handler.fail(new Error('away'));
    const thrown = addAll(
      make({
        maxItems: 1,
        maxAttempts: 1,
        handle: () => {
          throw new Error('at once');
        },
      }),
      'a',
    );
    await settle();
    expect([outcomes, thrown]).toEqual([['Error: away', 'Error: away'], ['Error: at once']]);
  });

  test('what is not retryable is given up at once', async () => {
    const batcher = make({ maxItems: 2, isRetryable: (error, item) => error instanceof Error && item !== 'a' });
    const outcomes = addAll(batcher, 'a', 'b');
    await settle();
    await handler.end('a', 'b');
    expect(outcomes).toEqual(['Error: no a', 'pending']);
    expect(events).toContain('gave up a after 1: no a');
  });

  test.each([
    '[]',
    '[{ "ok": true }]',
    '[{ "ok": true }, { "ok": true }, { "ok": true }]',
    '[{ "ok": true }, null]',
    '[{ "ok": true }, { "okay": true }]',
    'null',
    '{ "length": 2 }',
  ])('a handler that does not give one result for each item (%s) fails all, with no second try', async (text) => {
    const outcomes = addAll(make({ maxItems: 2, handle: async () => JSON.parse(text) }), 'a', 'b');
    await settle();
    expect(outcomes).toEqual(['ERR_QUEUE_BATCH', 'ERR_QUEUE_BATCH']);
    expect(time.pending).toEqual([]);
  });
});

describe('what is refused', () => {
  test('one item more than may be pending, until others are settled', async () => {
    const batcher = make({ maxItems: 2, maxPending: 2 });
    const outcomes = addAll(batcher, 'a', 'b', 'c');
    await settle();
    expect(outcomes[2]).toBe('ERR_QUEUE_FULL');
    expect(batcher.pending).toBe(2);
    await handler.end('b');
    expect(addAll(batcher, 'd')).toEqual(['pending']);
    expect(batcher.pending).toBe(2);
  });

  test('an item that is too heavy, or of no weight', async () => {
    const batcher = make({ maxBytes: 3, sizeOf: (item) => (item === 'x' ? Number.NaN : item.length) });
    const outcomes = addAll(batcher, '1234', 'x', '123');
    await settle();
    expect(outcomes).toEqual(['ERR_QUEUE_SIZE', 'ERR_QUEUE_SIZE', 'pending']);
    expect(batcher.pending).toBe(1);
  });

  test.each([
    { maxItems: 0 },
    { maxItems: 1.5 },
    { maxBytes: 10 },
    { maxBytes: 0, sizeOf: () => 1 },
    { maxDelayMs: -1 },
    { maxDelayMs: Infinity },
    { concurrency: 0 },
    { targetMs: 0 },
    { minItems: 0, targetMs: 5 },
    { minItems: 11, maxItems: 10, targetMs: 5 },
    { maxPending: 0 },
    { maxAttempts: 0 },
    { retryBaseMs: -1 },
    { retryCapMs: Number.NaN },
  ])('%o', (options) => {
    expect(() => make(options)).toThrow(expect.objectContaining({ code: 'ERR_QUEUE_OPTIONS' }));
  });
});

describe('promises that nobody looks at', () => {
  test('are harmless where dead letters are heard', async () => {
    void make({ maxItems: 1, maxAttempts: 1 }).add('a');
    await settle();
    await handler.end('a');
    // An unhandled rejection would fail the run of the tests.
    await settle();
    expect(events).toContain('gave up a after 1: no a');
  });

  test('are unhandled rejections where not, and mistakes of listeners are uncaught exceptions that lose nothing', () => {
    const program = `
      const { Batcher } = await import(${JSON.stringify(new URL('batcher.ts', import.meta.url).href)});
      process.on('uncaughtException', (error, origin) => console.log(origin, error.message));
      const handle = async (items) => items.map((item) => ({ ok: false, error: new Error('no ' + item) }));
      const mistake = (what) => () => { throw new Error('of ' + what); };
      void new Batcher({ handle, maxAttempts: 1 }).add('a');
      await new Promise((resolve) => setTimeout(resolve, 50));
      const listener = { batchFlushed: mistake('batchFlushed'), deadLettered: mistake('deadLettered') };
      const batcher = new Batcher({ handle, isRetryable: mistake('isRetryable'), listener });
      const outcomes = await Promise.allSettled([batcher.add('b'), batcher.add('c')]);
      console.log(outcomes.map(({ reason }) => reason.message).join());
    `;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toBe('unhandledRejection no a');
    expect(lines.slice(1).sort()).toEqual([
      'no b,no c',
      'uncaughtException of batchFlushed',
      'uncaughtException of deadLettered',
      'uncaughtException of deadLettered',
      'uncaughtException of isRetryable',
      'uncaughtException of isRetryable',
    ]);
  });
});

describe('flush', () => {
  test('hands out what waits, and settles with what was added before, retries included', async () => {
    const batcher = make({ maxItems: 10, maxDelayMs: 1000, retryBaseMs: 100 });
    const outcomes = addAll(batcher, 'a', 'b');
    let isFlushed = false;
    void batcher.flush().then(() => (isFlushed = true));
    addAll(batcher, 'late');
    await settle();
    expect(handler.batches.map(({ items }) => items)).toEqual([['a', 'b']]);
    await handler.end('b');
    expect(isFlushed).toBe(false);
    await time.advanceAsync(50);
    expect(handler.batches.at(-1)?.items).toContain('b');
    await handler.end();
    expect([isFlushed, outcomes]).toEqual([true, ['done a', 'done b']]);
  });

  test('what was added afterwards and is done sooner does not count', async () => {
    const batcher = make({ maxItems: 1, concurrency: 3 });
    addAll(batcher, 'a', 'b');
    let isFlushed = false;
    void batcher.flush().then(() => (isFlushed = true));
    addAll(batcher, 'c');
    await settle();
    await handler.endNewest();
    await handler.end();
    expect(isFlushed).toBe(false);
    await handler.end();
    expect(isFlushed).toBe(true);
  });

  test('what is added afterwards waits for companions as ever, and is not waited for', async () => {
    const batcher = make({ maxItems: 10 });
    addAll(batcher, 'a');
    const flushed = batcher.flush();
    await settle();
    await handler.end();
    addAll(batcher, 'b');
    await flushed;
    expect(handler.sizes).toEqual([1]);
    await time.advanceAsync(10);
    expect(handler.sizes).toEqual([1, 1]);
  });

  test('with nothing to do settles at once', async () => {
    await make().flush();
    expect(handler.sizes).toEqual([]);
  });
});

describe('close', () => {
  test('brings everything to its end, retries included, and takes nothing', async () => {
    const batcher = make({ maxItems: 2, retryBaseMs: 100 });
    const outcomes = addAll(batcher, 'a', 'b', 'c');
    let isClosed = false;
    const closed = batcher.close().then(() => (isClosed = true));
    await settle();
    const late = addAll(batcher, 'late');
    await handler.end('a');
    await handler.end();
    expect(late).toEqual(['ERR_QUEUE_CLOSED']);
    expect(isClosed).toBe(false);
    await time.advanceAsync(50);
    await handler.end();
    await closed;
    expect(outcomes).toEqual(['done a', 'done b', 'done c']);
    expect(time.pending).toEqual([]);
  });

  test('after its grace aborts, gives up what waits, and lets handlers answer yet', async () => {
    const batcher = make({ maxItems: 1, concurrency: 3, retryBaseMs: 100_000 });
    const outcomes = addAll(batcher, 'retried', 'answers', 'fails', 'deaf', 'waits');
    await settle();
    await handler.end('retried');
    const closed = batcher.close({ graceMs: 500, abortMs: 50 });
    await time.advanceAsync(499);
    expect(handler.batches[1]?.signal.aborted).toBe(false);
    expect(outcomes).toEqual(Array.from({ length: 5 }, () => 'pending'));
    await time.advanceAsync(1);
    expect(handler.batches[1]?.signal.reason).toMatchObject({ code: 'ERR_QUEUE_CLOSED' });
    expect(outcomes).toEqual(['ERR_QUEUE_CLOSED', 'pending', 'pending', 'pending', 'ERR_QUEUE_CLOSED']);
    await handler.end();
    await handler.fail(new Error('aborted'));
    expect(outcomes.slice(1, 3)).toEqual(['done answers', 'Error: aborted']);
    await time.advanceAsync(50);
    await closed;
    expect(outcomes[3]).toBe('ERR_QUEUE_CLOSED');
    expect(events.filter((event) => event.startsWith('gave up')).map((event) => event.split(':')[0])).toEqual([
      'gave up retried after 1',
      'gave up waits after 0',
      'gave up fails after 1',
      'gave up deaf after 1',
    ]);
    await handler.end();
    expect([outcomes[3], batcher.pending, time.pending]).toEqual(['ERR_QUEUE_CLOSED', 0, []]);
  });

  test('is one and the same however often it is called', async () => {
    const batcher = make();
    expect(batcher.close()).toBe(batcher.close());
    await batcher.close();
    expect(time.pending).toEqual([]);
  });
});
