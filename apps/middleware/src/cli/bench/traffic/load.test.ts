import { expect, test } from 'vitest';
import { Call } from './call.ts';
import { DONE, type Link, type LinkListener, LOST, NOT_SENT } from './link.ts';
import { Load } from './load.ts';
import { Tally } from './tally.ts';

const call = new Call('player.get', { id: '1' });

/** One connection, one slot, a clock and a service that answers when told. */
async function loadAt(ratePerSecond: number | undefined, begin = 1000) {
  let now = begin;
  const pending: number[] = [];
  const listeners: LinkListener[] = [];
  const link: Link = { send: (slot) => void pending.push(slot), flush: () => undefined, close: () => undefined };
  const tally = new Tally();
  const load = new Load({
    connections: 1,
    depth: 1,
    ratePerSecond,
    open: async (listener) => {
      listeners.push(listener);
      return link;
    },
    flowOf: () => ({ next: () => call, answered: () => undefined }),
    tally,
    now: () => now,
  });
  await load.connect();
  const answer = (outcome = DONE): void => {
    const slot = pending.shift() ?? Number.NaN;
    listeners[0]?.answered(slot, outcome, () => ({}));
    listeners[0]?.settled();
  };
  const pass = async (ms: number): Promise<void> => {
    now += ms;
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { load, tally, pending, answer, pass, lose: () => listeners[0]?.lost(), now: () => now };
}

test('in a closed loop latency counts from sending: a stall is one slow request', async () => {
  const { load, tally, answer, pass, now } = await loadAt(undefined);
  load.start({ recordsFrom: now(), endsAt: now() + 10_000 });
  await pass(1000);
  answer();
  await pass(10);
  answer();
  load.stop();
  answer();
  await load.end();
  const { latency, errors } = tally.take();
  expect([latency.count, latency.max / 1000, latency.percentile(50) / 1000]).toEqual([3, expect.closeTo(1000, 0), expect.closeTo(10, 0)]);
  expect(errors.size).toBe(0);
});

test('in an open loop latency counts from when a request was due: a stall counts for all that waited behind it', async () => {
  const { load, tally, answer, pass, now } = await loadAt(10);
  load.start({ recordsFrom: now(), endsAt: now() + 1000 });
  await pass(900);
  // Due at 0, 100, … 900, all behind the one that stalled.
  for (let at = 0; at < 10; at += 1) answer();
  await pass(100);
  await load.end();
  const { latency, errors } = tally.take();
  expect([latency.count, latency.max / 1000, latency.percentile(50) / 1000]).toEqual([10, expect.closeTo(900, 0), expect.closeTo(400, 0)]);
  expect(errors.size).toBe(0);
});

test('what was due and never sent is an error, so that a service which is too slow cannot look good', async () => {
  const { load, tally, answer, pass, now } = await loadAt(10);
  load.start({ recordsFrom: now(), endsAt: now() + 1000 });
  await pass(1000);
  const ended = load.end();
  answer();
  await ended;
  const { latency, errors } = tally.take();
  expect([latency.count, errors.get(NOT_SENT)]).toEqual([1, 9]);
});

test.each([1000, 3500.1, 8000.7])('as many are due in a second as the rate says, whatever the clock shows: %d ms', async (begin) => {
  const { load, tally, answer, pass, now } = await loadAt(10, begin);
  load.start({ recordsFrom: now(), endsAt: now() + 1000 });
  await pass(1000);
  for (let at = 0; at < 10; at += 1) answer();
  await load.end();
  const { latency, errors } = tally.take();
  expect([latency.count, errors.size]).toEqual([10, 0]);
});

test('the warm-up is not counted, and neither is what fell behind in it', async () => {
  const { load, tally, answer, pass, now } = await loadAt(10);
  load.start({ recordsFrom: now() + 1000, endsAt: now() + 1200 });
  await pass(1100);
  answer();
  await pass(10);
  answer();
  answer();
  await pass(100);
  await load.end();
  const { latency, errors } = tally.take();
  expect([latency.count, latency.max / 1000, errors.size]).toEqual([2, expect.closeTo(110, 0), 0]);
});

test('a connection that breaks is an error of its request, and gets no more until it stands again', async () => {
  const { load, tally, pending, answer, lose, now } = await loadAt(undefined);
  load.start({ recordsFrom: now(), endsAt: now() + 1000 });
  answer(LOST);
  pending.length = 0;
  lose();
  load.stop();
  expect(pending).toEqual([]);
  expect(tally.take().errors.get(LOST)).toBe(1);
});
