import { FakeTime, settled } from '@midgard/pool/testing';
import { expect, test } from 'vitest';
import { PurgeQueue } from './purge-queue.ts';

/** A CDN that does what the test says, and a list of what happened. */
function setUp(answer: (keys: readonly string[]) => Promise<void> | void) {
  const time = new FakeTime();
  const sent: string[] = [];
  const events: string[] = [];
  const queue = new PurgeQueue({
    send: async (keys, signal) => {
      sent.push(keys.join(' '));
      await Promise.race([answer(keys), new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))]);
    },
    listener: {
      purged: (keys) => events.push(`purged ${keys.join(' ')}`),
      failed: (keys, _error, retryInMs) => events.push(`failed ${keys.join(' ')}, again in ${retryInMs}`),
    },
    timers: time,
    random: () => 0.5,
  });
  return { time, sent, events, queue };
}

test('what is added is sent at once, and what comes meanwhile in one request after it', async () => {
  const gate = Promise.withResolvers<void>();
  const { queue, sent, events } = setUp((keys) => (keys.includes('a') ? gate.promise : undefined));
  queue.add(['a']);
  queue.add(['b', 'c']);
  queue.add(['c']);
  await settled();
  expect([sent, queue.waiting]).toEqual([['a'], 2]);
  gate.resolve();
  await settled();
  expect([sent, queue.waiting]).toEqual([['a', 'b c'], 0]);
  expect(events).toEqual(['purged a', 'purged b c']);
});

test('what the CDN does not take is sent again, later after each failure, and nothing is lost meanwhile', async () => {
  let failures = 8;
  const { queue, time, sent, events } = setUp(() => {
    if ((failures -= 1) >= 0) throw new Error('503');
  });
  queue.add(['a']);
  await settled();
  queue.add(['b']);
  await settled();
  expect(sent).toEqual(['a']);
  await time.advance(10 * 60_000);
  const waits = events.flatMap((event) => /again in (.*)/.exec(event)?.[1] ?? []).map(Number);
  expect(waits).toEqual([750, 1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000]);
  expect(events.at(-1)).toMatch(/^purged (a b|b a)$/);
  expect(time.pending).toEqual([]);
});

test('after a success the next failure is repeated soon again', async () => {
  const answers = [false, false, true, false, true];
  const { queue, time, events } = setUp(() => {
    if (answers.shift() === false) throw new Error('503');
  });
  queue.add(['a']);
  await time.advance(60_000);
  queue.add(['b']);
  await time.advance(60_000);
  expect(events).toEqual(['failed a, again in 750', 'failed a, again in 1500', 'purged a', 'failed b, again in 750', 'purged b']);
});

test('a key that changes while it is being purged is purged again, and not noted before', async () => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let asked = 0;
  const { queue, sent, events } = setUp(() => gates[asked++]?.promise);
  queue.add(['a', 'b']);
  await settled();
  queue.add(['a']);
  gates[0]?.resolve();
  await settled();
  expect(sent).toEqual(['a b', 'a']);
  expect(events).toEqual(['purged b']);
  gates[1]?.resolve();
  await settled();
  expect(events).toEqual(['purged b', 'purged a']);
});

test('no request has more keys than every CDN takes', async () => {
  const { queue, sent } = setUp(() => undefined);
  queue.add(Array.from({ length: 100 }, (_, i) => `key-${i}`));
  await settled();
  expect(sent.map((keys) => keys.split(' ').length)).toEqual([30, 30, 30, 10]);
});

test('its end leaves no timer and no request, and says nothing more', async () => {
  const { queue, time, sent, events } = setUp(() => new Promise(() => {}));
  queue.add(['a']);
  await settled();
  queue[Symbol.dispose]();
  await time.advance(600_000);
  expect([sent, events, time.pending]).toEqual([['a'], [], []]);

  const failing = setUp(() => Promise.reject(new Error('503')));
  failing.queue.add(['a']);
  await settled();
  failing.queue[Symbol.dispose]();
  expect(failing.time.pending).toEqual([]);
  await failing.time.advance(600_000);
  expect(failing.sent).toHaveLength(1);
});
