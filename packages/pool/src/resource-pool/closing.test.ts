import { describe, expect, test } from 'vitest';
import { settled } from '../testing/fake-time.ts';
import { stateOf, Workshop } from '../test/workshop.ts';

const code = (name: string) => expect.objectContaining({ code: name });

describe('close', () => {
  test('destroys what is idle, and serves nobody new', async () => {
    const { pool, events } = new Workshop({ min: 1 });
    await settled();
    await pool.close();
    expect(events).toEqual(['created 1 0', 'destroyed 1 closed']);
    expect(pool.tryAcquire()).toBeUndefined();
    await expect(pool.acquire()).rejects.toThrow(code('ERR_POOL_CLOSED'));
    await expect(pool.use(() => 1)).rejects.toThrow(code('ERR_POOL_CLOSED'));
    expect(events.at(-1)).toBe('acquireFailed closed 0');
    expect(pool.usage()).toMatchObject({ idle: 0, borrowed: 0, checking: 0, creating: 0, destroying: 0, waiting: 0 });
  });

  test('waits until what is borrowed has come back and is destroyed', async () => {
    const { pool, disposals } = new Workshop({ hold: ['destroy'] });
    const tool = await pool.acquire();
    const closed = pool.close();
    expect(await stateOf(closed)).toBe('pending');
    pool.release(tool);
    expect(await stateOf(closed)).toBe('pending');
    await disposals[0]!.end();
    await closed;
  });

  test('serves those who wait already', async () => {
    const { pool } = new Workshop({ max: 1 });
    const tool = await pool.acquire();
    const waiting = pool.acquire();
    const closed = pool.close();
    await expect(pool.acquire()).rejects.toThrow(code('ERR_POOL_CLOSED'));
    pool.release(tool);
    expect(await waiting).toBe(tool);
    expect(await stateOf(closed)).toBe('pending');
    pool.discard(tool);
    await closed;
  });

  test('ends the wait of those who get nothing within the grace, and seizes what is still out', async () => {
    const { pool, events, time } = new Workshop({ max: 1 });
    const tool = await pool.acquire();
    const waiting = expect(pool.acquire()).rejects.toThrow(code('ERR_POOL_CLOSED'));
    const closed = pool.close({ graceMs: 1000 });
    await time.advance(999);
    expect(await stateOf(closed)).toBe('pending');
    await time.advance(1);
    await waiting;
    await closed;
    expect(events.slice(2)).toEqual(['acquireFailed closed 1000', 'destroyed 1 closed']);
    pool.release(tool); // no mistake of the borrower
    expect(() => pool.release(tool)).toThrow(code('ERR_POOL_NOT_LENT'));
  });

  test('seizes under the hands of use without a second error', async () => {
    const { pool } = new Workshop();
    const gate = Promise.withResolvers<string>();
    const used = pool.use(() => gate.promise);
    await settled();
    await pool.close({ graceMs: 0 });
    gate.resolve('done');
    expect(await used).toBe('done');
  });

  test('may be hastened, but not delayed, by a second call', async () => {
    const { pool, time } = new Workshop();
    await pool.acquire();
    const closed = pool.close({ graceMs: 1000 });
    void pool.close({ graceMs: 5000 });
    await time.advance(500);
    void pool.close({ graceMs: 200 });
    await time.advance(199);
    expect(await stateOf(closed)).toBe('pending');
    await time.advance(1);
    await closed;
  });

  test('without an end of the grace waits for the borrower', async () => {
    const { pool, time } = new Workshop();
    const tool = await pool.acquire();
    const closed = pool.close({ graceMs: Infinity });
    expect(time.pending).not.toContain(Infinity);
    await time.advance(1e9);
    expect(await stateOf(closed)).toBe('pending');
    pool.release(tool);
    await closed;
  });

  test.each([-1, Number.NaN])('a grace of %d ms is refused, and nothing has changed', async (graceMs) => {
    const { pool } = new Workshop();
    expect(() => pool.close({ graceMs })).toThrow(code('ERR_POOL_OPTIONS'));
    expect(await pool.acquire()).toEqual({ id: 1 });
  });

  test('leaves no timers behind', async () => {
    const { pool, time } = new Workshop({ min: 1, max: 1 });
    const tool = await pool.acquire();
    const waiting = pool.acquire();
    const lost = pool.acquire({ timeoutMs: 10 }).catch(() => undefined);
    const closed = pool.close();
    await time.advance(10);
    await lost;
    pool.release(tool);
    pool.release(await waiting);
    await closed;
    expect(time.pending).toEqual([]);
  });

  test('is what the end of a scope does', async () => {
    let usage: Workshop['pool']['usage'];
    {
      await using pool = new Workshop({ min: 1 }).pool;
      usage = () => pool.usage();
      await settled();
      expect(usage()).toMatchObject({ idle: 1 });
    }
    expect(usage()).toMatchObject({ idle: 0, destroying: 0 });
  });
});

describe('close during create', () => {
  test('tells it that nobody wants the resource, and waits for its end', async () => {
    const { pool, creations, events } = new Workshop({ min: 1, hold: ['create'] });
    const closed = pool.close();
    expect(creations[0]!.signal?.aborted).toBe(true);
    expect(await stateOf(closed)).toBe('pending');
    await creations[0]!.end(creations[0]!.tool);
    await closed;
    expect(events).toEqual(['created 1 0', 'destroyed 1 closed']);
  });

  test('lets it go on for those who wait', async () => {
    const { pool, creations, time } = new Workshop({ hold: ['create'] });
    const waiting = pool.acquire();
    const closed = pool.close();
    expect(creations[0]!.signal?.aborted).toBe(false);
    await creations[0]!.end(creations[0]!.tool);
    pool.release(await waiting);
    await closed;
    expect(time.pending).toEqual([]);
  });

  test('aborts it when the last of those who wait has left', async () => {
    const { pool, creations, time } = new Workshop({ hold: ['create'], acquireTimeoutMs: 100 });
    const waiting = expect(pool.acquire()).rejects.toThrow(code('ERR_POOL_TIMEOUT'));
    void pool.close();
    await time.advance(100);
    await waiting;
    expect(creations[0]!.signal?.aborted).toBe(true);
  });

  test('aborts it when the last of those who wait is aborted', async () => {
    const { pool, creations } = new Workshop({ hold: ['create'] });
    const controller = new AbortController();
    const waiting = expect(pool.acquire({ signal: controller.signal })).rejects.toThrow();
    void pool.close();
    controller.abort();
    await waiting;
    expect(creations[0]!.signal?.aborted).toBe(true);
  });

  test('does not wait beyond the grace, and what comes after the close is destroyed', async () => {
    const { pool, creations, events, time } = new Workshop({ min: 1, hold: ['create'] });
    const closed = pool.close({ graceMs: 100 });
    await time.advance(100);
    await closed;
    await creations[0]!.end(creations[0]!.tool);
    expect(events).toEqual(['createFailed', 'created 1 100', 'destroyed 1 late']);
    expect(pool.usage()).toMatchObject({ idle: 0, destroying: 0, creating: 0 });
    expect(time.pending).toEqual([]);
  });

  test('tries no more after a failure when nobody waits', async () => {
    const { pool, creations, time } = new Workshop({ min: 1, hold: ['create'] });
    const closed = pool.close();
    await creations[0]!.fail();
    await closed;
    await time.advance(100_000);
    expect(creations).toHaveLength(1);
    expect(time.pending).toEqual([]);
  });
});

test('close during a check destroys the resource whatever the check says', async () => {
  const { pool, checks, events, time } = new Workshop({ max: 1, trustMs: 10, everyMs: 1000, hold: ['check'] });
  pool.release(await pool.acquire());
  await time.advance(1000);
  const closed = pool.close();
  expect(await stateOf(closed)).toBe('pending');
  await checks[0]!.end(true);
  await closed;
  expect(events.at(-1)).toBe('destroyed 1 closed');
});

test('a check that outlasts the close changes nothing', async () => {
  const { pool, checks, events, time } = new Workshop({ max: 1, trustMs: 10, everyMs: 1000, hold: ['check'] });
  pool.release(await pool.acquire());
  await time.advance(1000);
  await pool.close({ graceMs: 0 });
  await checks[0]!.end(true);
  expect(events.filter((event) => event.startsWith('destroyed'))).toEqual(['destroyed 1 closed']);
  expect(pool.usage()).toMatchObject({ idle: 0, checking: 0 });
});
