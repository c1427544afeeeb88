import { describe, expect, test } from 'vitest';
import type { Lease } from './lease.ts';
import { hooksOf } from './test/fake-hooks.ts';
import { FailoverBench } from './test/failover-bench.ts';
import { FakeTime } from '@midgard/pool/testing';

async function failOver(bench: FailoverBench): Promise<void> {
  await bench.time.advance(1500);
  bench.primary.position = '5';
  bench.primary.kill();
  bench.promote(bench.standby);
  bench.standby.position = '9';
  await bench.time.advance(3000);
  expect(bench.pool.active).toBe('standby');
}

/** The earlier server is back and level while a write runs and another one waits: the return is tried. */
async function returnDuringWrite(bench: FailoverBench): Promise<{ readonly running: Lease; readonly waiting: Promise<Lease> }> {
  await failOver(bench);
  bench.primary.position = '9';
  const running = await bench.pool.acquire();
  bench.primary.revive();
  bench.primary.acceptsWrites = true;
  await bench.time.advance(2500);
  const waiting = bench.pool.acquire();
  await bench.time.advance(500);
  return { running, waiting };
}

describe('the return to an earlier server', () => {
  test('waits until it has been fit for long enough and holds everything', async () => {
    const bench = new FailoverBench({ returnAfterMs: 10_000 });
    await failOver(bench);
    bench.primary.revive();
    bench.primary.acceptsWrites = true;
    await bench.time.advance(15_000);
    expect(bench.pool.active).toBe('standby');
    bench.primary.position = '9';
    await bench.time.advance(2000);
    expect(bench.moves).toEqual(['primary standby', 'standby primary']);
    (await bench.pool.acquire()).release();
    await bench.end();
  });

  test('starts the wait anew when it was away in between', async () => {
    const bench = new FailoverBench({ returnAfterMs: 10_000 });
    await failOver(bench);
    bench.primary.position = '9';
    bench.primary.revive();
    bench.primary.acceptsWrites = true;
    await bench.time.advance(9000);
    bench.primary.kill();
    await bench.time.advance(2000);
    bench.primary.revive();
    await bench.time.advance(9000);
    expect(bench.pool.active).toBe('standby');
    await bench.time.advance(3000);
    expect(bench.pool.active).toBe('primary');
    await bench.end();
  });

  test('happens between two writes: those that run end first, new ones wait for it', async () => {
    const bench = new FailoverBench({ returnAfterMs: 1000, handoverMs: 2000 });
    const { running, waiting } = await returnDuringWrite(bench);
    expect(bench.pool.active).toBe('standby');
    // The last write, and its way to the other server.
    bench.standby.position = '10';
    bench.primary.position = '10';
    running.release();
    await bench.time.advance(100);
    const lease = await waiting;
    expect(lease.server).toBe('primary');
    lease.release();
    await bench.end();
  });

  test('is given up for the time being when the last write does not arrive, and nobody waits longer than that', async () => {
    const bench = new FailoverBench({ returnAfterMs: 1000, handoverMs: 2000 });
    const { running, waiting } = await returnDuringWrite(bench);
    bench.standby.position = '10';
    running.release();
    await bench.time.advance(100);
    const lease = await waiting;
    expect(lease.server).toBe('standby');
    lease.release();
    expect(bench.moves).toEqual(['primary standby']);
    await bench.end();
  });

  test('is given up for the time being when a write does not end', async () => {
    const bench = new FailoverBench({ returnAfterMs: 1000, handoverMs: 500 });
    const { running, waiting } = await returnDuringWrite(bench);
    (await waiting).release();
    expect(bench.pool.active).toBe('standby');
    running.release();
    await bench.time.advance(3000);
    expect(bench.pool.active).toBe('primary');
    await bench.end();
  });

  test('is not tried again soon, so that it costs the writes little', async () => {
    const bench = new FailoverBench({ returnAfterMs: 10_000, handoverMs: 500 });
    await failOver(bench);
    bench.primary.position = '9';
    const running = await bench.pool.acquire();
    bench.primary.revive();
    bench.primary.acceptsWrites = true;
    let waitedMs = 0;
    for (let i = 0; i < 180; i += 1) {
      const waiting = bench.pool.acquire();
      await bench.time.advance(100);
      void waiting.then((lease) => {
        waitedMs += lease.waitMs;
        lease.release();
      });
    }
    expect(waitedMs).toBeGreaterThan(0);
    // Those who came in the half second each waited for the rest of it.
    expect(waitedMs).toBeLessThan(6 * 500);
    running.release();
    await bench.time.advance(1);
    await bench.end();
  });

  test('is asked for seldom where the question fails, since each costs two connections', async () => {
    const questions: string[] = [];
    const hasCaughtUp = (): Promise<boolean> => {
      questions.push('hasCaughtUp');
      return Promise.reject(new Error('unknown system variable'));
    };
    const bench = new FailoverBench({ returnAfterMs: 10_000 }, { accepts: hooksOf(new FakeTime()).accepts, hasCaughtUp });
    await failOver(bench);
    bench.primary.revive();
    bench.primary.acceptsWrites = true;
    await bench.time.advance(60_000);
    expect(questions.length).toBeGreaterThan(2);
    expect(questions.length).toBeLessThan(8);
    expect(bench.pool.active).toBe('standby');
    await bench.end();
  });

  test('is given up when the earlier server takes no writes any more at the last moment', async () => {
    const time = new FakeTime();
    const questions: string[] = [];
    const hooks = hooksOf(time);
    const bench: FailoverBench = new FailoverBench(
      { returnAfterMs: 1000, handoverMs: 4000 },
      {
        accepts: hooks.accepts,
        hasCaughtUp: async () => {
          questions.push('hasCaughtUp');
          if (questions.length === 2) await bench.time.pass(2500);
          return true;
        },
      },
    );
    await failOver(bench);
    bench.primary.revive();
    bench.primary.acceptsWrites = true;
    while (questions.length < 2) await bench.time.advance(100);
    bench.primary.acceptsWrites = false;
    await bench.time.advance(3000);
    expect(bench.moves).toEqual(['primary standby']);
    await bench.end();
  });

  test('does not come by itself where the dialect cannot tell what a server holds, unless it is wished', async () => {
    for (const returnWithoutProof of [false, true]) {
      const hooks = { accepts: hooksOf(new FakeTime()).accepts };
      const bench = new FailoverBench({ returnAfterMs: 1000, returnWithoutProof }, hooks);
      await failOver(bench);
      bench.primary.revive();
      bench.primary.acceptsWrites = true;
      await bench.time.advance(60_000);
      expect(bench.pool.active).toBe(returnWithoutProof ? 'primary' : 'standby');
      await bench.end();
    }
  });
});
