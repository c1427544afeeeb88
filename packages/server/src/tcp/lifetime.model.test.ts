import { TimingWheel } from '@midgard/queue';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeTime } from '../testing/fake-time.ts';
import { type Due, Lifetime, type LifeSigns, type Mortal, type Phase } from './lifetime.ts';

const options = { heartbeatMs: 30_000, helloTimeoutMs: 5000, slowConsumerMs: 20_000 };
const tickMs = 25;
const atRest: LifeSigns = { inFlight: 0, isSending: false, hasFailed: false };

/** A life, and what it was told it is time for, with how long after its beginning. */
function born(signs: LifeSigns = atRest) {
  const time = new FakeTime();
  const begin = time.now();
  const told: (readonly [Due, number])[] = [];
  let looks = 0;
  const wheel = new TimingWheel<Mortal>({ fire: (one) => one.look(), tickMs, clock: time, timers: time });
  const look = (): void => {
    looks += 1;
    const due = life.check(signs);
    if (due !== undefined) told.push([due, time.now() - begin]);
    if (due !== undefined && due !== 'ping') life.enter('closed');
  };
  const life: Lifetime = new Lifetime({ timers: time, wheel, options }, { look });
  return { time, life, told, wheel, looks: () => looks, sinceBegin: () => time.now() - begin };
}

/** Lets time go on in small steps, as it does. */
function pass(time: FakeTime, ms: number): void {
  for (let left = ms; left > 0; left -= 10) time.advance(Math.min(10, left));
}

test.each<[Phase, Partial<LifeSigns>, Due, number]>([
  ['hello', {}, 'helloMissing', 5000],
  ['shaking', {}, 'helloUnchecked', 5000],
  ['open', {}, 'ping', 30_000],
  ['draining', {}, 'end', 100],
  ['closing', { inFlight: 1 }, 'end', 20_000],
  ['closing', { inFlight: 1, hasFailed: true }, 'end', 1000],
  ['ended', {}, 'cut', 1000],
  ['ended', { isSending: true }, 'cut', 20_000],
])('%s with %o: %s is due after %i ms, and not earlier', (phase, signs, due, afterMs) => {
  const { time, life, told } = born({ ...atRest, ...signs });
  life.enter(phase);
  pass(time, afterMs - 1);
  expect(told).toEqual([]);
  pass(time, 1 + 2 * tickMs);
  expect(told).toMatchObject([[due, expect.any(Number)]]);
});

test('a silence is told as a ping after a heartbeat and as death after two, and each life sign begins it anew', () => {
  const gaps = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(gaps, (silences) => {
      const { time, life, told, sinceBegin, wheel } = born();
      life.enter('open');
      let expected = 0;
      for (const silence of silences) {
        const from = sinceBegin();
        time.advance(silence);
        const fresh = told.slice(expected);
        // What falls into the last tick may be told, or not yet.
        if (silence < options.heartbeatMs) expect(fresh).toEqual([]);
        if (silence > options.heartbeatMs + tickMs) expect(fresh[0]?.[0]).toBe('ping');
        if (silence < 2 * options.heartbeatMs) expect(fresh.length).toBeLessThan(2);
        if (silence > 2 * options.heartbeatMs + 2 * tickMs) expect(fresh[1]?.[0]).toBe('dead');
        for (const [n, [, at]] of fresh.entries()) {
          expect(at - from).toBeGreaterThanOrEqual((n + 1) * options.heartbeatMs);
          expect(at - from).toBeLessThanOrEqual((n + 1) * (options.heartbeatMs + tickMs));
        }
        expected = told.length;
        if (life.phase === 'closed') break;
        life.beat();
      }
      // A life that is over costs no timer.
      expect(wheel.size).toBe(life.phase === 'closed' ? 0 : 1);
    }),
    { numRuns: 300 },
  );
});

test('one who is heard all the time is looked at once a heartbeat', () => {
  const { time, life, looks, told } = born();
  life.enter('open');
  for (let n = 0; n < 6000; n += 1) {
    time.advance(100);
    life.beat();
  }
  expect(told).toEqual([]);
  expect(looks()).toBeLessThanOrEqual(600_000 / options.heartbeatMs + 2);
});

test('a slow reader has its time from when it stalled, and a heartbeat from when it has caught up', () => {
  const { time, life, told } = born();
  life.enter('open');
  pass(time, 12_000);
  life.stall();
  pass(time, 19_000);
  life.relieve();
  pass(time, 29_000);
  expect(told).toEqual([]);
  pass(time, 1000 + 2 * tickMs);
  expect(told).toMatchObject([['ping', expect.any(Number)]]);
  life.stall();
  pass(time, 19_900);
  expect(told).toHaveLength(1);
  pass(time, 700);
  expect(told).toMatchObject([
    ['ping', expect.any(Number)],
    ['slow', expect.any(Number)],
  ]);
});

test('a drained connection goes on while it is heard, or has requests in flight', () => {
  const busy = born({ ...atRest, inFlight: 1 });
  busy.life.enter('draining');
  pass(busy.time, 5000);
  expect(busy.told).toEqual([]);
  const heard = born();
  heard.life.enter('draining');
  for (let n = 0; n < 50; n += 1) {
    pass(heard.time, 90);
    heard.life.beat();
  }
  expect(heard.told).toEqual([]);
  pass(heard.time, 100 + 2 * tickMs);
  expect(heard.told).toMatchObject([['end', expect.any(Number)]]);
});

test('an ended connection whose last bytes are gone has no more time than others', () => {
  const signs = { ...atRest, isSending: true };
  const { time, life, told } = born(signs);
  life.enter('ended');
  pass(time, 5000);
  expect(told).toEqual([]);
  signs.isSending = false;
  pass(time, 1000 + 2 * tickMs);
  expect(told).toMatchObject([['cut', expect.any(Number)]]);
});
