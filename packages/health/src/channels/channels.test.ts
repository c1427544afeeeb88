import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Notification } from '../alerts/notification.ts';
import { FakeTime } from '../test/fake-time.ts';
import { firingAlert, notification } from '../test/notifications.ts';
import { type Channel, DeliveryError, type DeliveryFailure } from './channel.ts';
import { Channels } from './channels.ts';
import { deliverySettings, retryDelayMs } from './delivery-policy.ts';
import type { DeliveryReport } from './outbox.ts';

type Outcome = 'take' | 'hang' | DeliveryFailure;
const busy: DeliveryFailure = { reason: 'http-503', isRetryable: true };
const refused: DeliveryFailure = { reason: 'http-404', isRetryable: false };

/** A channel that does as it is told, attempt by attempt; then it takes all. */
class ScriptedChannel implements Channel {
  readonly kind = 'scripted';
  readonly name: string;
  readonly attempts: Notification[] = [];
  readonly signals: AbortSignal[] = [];
  readonly outcomes: Outcome[];
  underWay = 0;
  mostUnderWay = 0;

  constructor(name: string, ...outcomes: Outcome[]) {
    this.name = name;
    this.outcomes = outcomes;
  }

  async deliver(given: Notification, signal: AbortSignal): Promise<void> {
    this.attempts.push(given);
    this.signals.push(signal);
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    const outcome = this.outcomes.shift() ?? 'take';
    if (outcome === 'hang') await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    else await Promise.resolve();
    this.underWay -= 1;
    if (typeof outcome === 'object') throw new DeliveryError(outcome);
  }
}

function setUp(random = 0.5) {
  const time = new FakeTime();
  const reports: DeliveryReport[] = [];
  const channels = new Channels({ clock: time, timers: time, random: () => random, ended: (report) => reports.push(report) });
  return { time, reports, channels };
}

const to = (channel: string, key = 'key'): Notification => ({ ...notification(firingAlert()), channel, groupKey: key });

describe('attempts', () => {
  test('what may do better is tried again, each time later', async () => {
    const { time, channels, reports } = setUp(0.999_999);
    const channel = new ScriptedChannel('ops', busy, busy, busy);
    channels.add(channel, { firstDelayMs: 1000 });
    const sent = channels.send(to('ops'));
    const attemptsAfter: number[] = [];
    for (const waitMs of [999, 1, 1999, 1, 3999, 1]) {
      await time.advance(waitMs);
      attemptsAfter.push(channel.attempts.length);
    }
    expect(attemptsAfter).toEqual([1, 2, 2, 3, 3, 4]);
    expect(await sent).toBe(true);
    expect(reports).toEqual([{ channel: 'ops', kind: 'scripted', outcome: 'delivered', reason: undefined, attempts: 4, isTest: false }]);
    expect(channels.stats()).toEqual({ ops: { kind: 'scripted', delivered: 1, failed: 0, dropped: 0, retries: 3, queued: 0 } });
  });

  test('what cannot do better is not', async () => {
    const { time, channels, reports } = setUp();
    const channel = new ScriptedChannel('ops', refused);
    channels.add(channel);
    const sent = channels.send(to('ops'));
    await time.advance(0);
    expect(await sent).toBe(false);
    expect(reports).toMatchObject([{ outcome: 'failed', reason: 'http-404', attempts: 1 }]);
    expect(time.pending).toBe(0);
  });

  test('it is given up in the end', async () => {
    const { time, channels, reports } = setUp();
    channels.add(new ScriptedChannel('ops', busy, busy, busy), { maxAttempts: 3 });
    const sent = channels.send(to('ops'));
    await time.advance(60_000);
    expect(await sent).toBe(false);
    expect(reports).toMatchObject([{ outcome: 'failed', reason: 'http-503', attempts: 3 }]);
  });

  test('one that hangs is told to stop at its deadline, and tried again', async () => {
    const { time, channels } = setUp();
    const channel = new ScriptedChannel('ops', 'hang');
    channels.add(channel, { deadlineMs: 5000 });
    const sent = channels.send(to('ops'));
    await time.advance(5000);
    expect(channel.signals.map(({ aborted }) => aborted)).toEqual([true]);
    await time.advance(1000);
    expect(await sent).toBe(true);
    expect(channel.attempts).toHaveLength(2);
  });

  test('what the other side asks to wait for is waited for, up to the longest wait', () => {
    const settings = deliverySettings({ firstDelayMs: 1000, maxDelayMs: 60_000 });
    expect(retryDelayMs(1, settings, 0, 7000)).toBe(7000);
    expect(retryDelayMs(1, settings, 0.5, 7000)).toBe(7500);
    expect(retryDelayMs(1, settings, 0.5, 3_600_000)).toBe(60_000);
    expect(retryDelayMs(20, settings, 1)).toBe(60_000);
    expect(retryDelayMs(3, settings, 0)).toBe(0);
  });
});

describe('queues', () => {
  test('one channel that is dead holds up no other', async () => {
    const { time, channels } = setUp();
    channels.add(new ScriptedChannel('dead', 'hang', 'hang', 'hang', 'hang', 'hang'));
    const alive = new ScriptedChannel('alive');
    channels.add(alive);
    void channels.send(to('dead'));
    const sent = channels.send(to('alive'));
    await time.advance(0);
    expect(await sent).toBe(true);
  });

  test('when too many wait the oldest is dropped, counted and told of', async () => {
    const { time, channels, reports } = setUp();
    const channel = new ScriptedChannel('ops', 'hang');
    channels.add(channel, { maxQueued: 2, deadlineMs: 1000, maxAttempts: 1 });
    const sent = ['a', 'b', 'c', 'd', 'e'].map((key) => channels.send(to('ops', key)));
    expect(channels.stats()).toMatchObject({ ops: { dropped: 2, queued: 3 } });
    await time.advance(5000);
    expect(await Promise.all(sent)).toEqual([false, false, false, true, true]);
    expect(reports.map(({ outcome, reason }) => reason ?? outcome)).toEqual(['queue-full', 'queue-full', 'timeout', 'delivered', 'delivered']);
    expect(channel.attempts.map(({ groupKey }) => groupKey)).toEqual(['a', 'd', 'e']);
  });

  test('closing gives up what waits and what is under way, and leaves no timer behind', async () => {
    const { time, channels, reports } = setUp();
    const channel = new ScriptedChannel('ops', busy);
    const hanging = new ScriptedChannel('hanging', 'hang');
    channels.add(channel);
    channels.add(hanging);
    const sent = [to('ops'), to('ops'), to('hanging')].map(channels.send);
    await time.advance(0);
    channels.close();
    await time.advance(0);
    expect(await Promise.all(sent)).toEqual([false, false, false]);
    expect(hanging.signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(reports.map(({ outcome, reason }) => `${outcome} ${reason}`).toSorted()).toEqual(['dropped closed', 'failed closed', 'failed http-503']);
    expect(time.pending).toBe(0);
    expect(await channels.send(to('ops'))).toBe(false);
  });

  test('a channel that nobody knows takes nothing, and that is told', async () => {
    const { channels, reports } = setUp();
    expect(await channels.send(to('nobody'))).toBe(false);
    expect(reports).toMatchObject([{ channel: 'nobody', outcome: 'dropped', reason: 'no-such-channel' }]);
    channels.add(new ScriptedChannel('ops'));
    expect(() => channels.add(new ScriptedChannel('ops'))).toThrow(expect.objectContaining({ code: 'ERR_HEALTH_CLASH' }));
    expect(() => channels.add(new ScriptedChannel('two'), { maxAttempts: 0 })).toThrow(
      expect.objectContaining({ code: 'ERR_HEALTH_OPTIONS', message: expect.stringContaining('maxAttempts') }),
    );
  });
});

describe('tests', () => {
  test('one is sent at once, says that it is one, and its outcome is told', async () => {
    const { channels } = setUp();
    const channel = new ScriptedChannel('ops', 'take', refused);
    channels.add(channel);
    expect(await channels.sendTest('ops')).toMatchObject({ outcome: 'delivered', isTest: true, attempts: 1 });
    expect(channel.attempts).toMatchObject([
      {
        isTest: true,
        status: 'firing',
        channel: 'ops',
        commonLabels: { test: 'true' },
        alerts: [{ annotations: { summary: expect.stringContaining('test') } }],
      },
    ]);
    expect(await channels.sendTest('ops')).toMatchObject({ outcome: 'failed', reason: 'http-404' });
    await expect(channels.sendTest('nobody')).rejects.toMatchObject({ code: 'ERR_HEALTH_UNKNOWN' });
  });
});

test('whatever a channel answers, each message ends once, in order, one at a time, and the counts add up', async () => {
  const outcome = fc.constantFrom<Outcome>('take', 'hang', busy, refused);
  await fc.assert(
    fc.asyncProperty(fc.array(outcome, { maxLength: 30 }), fc.array(fc.nat(20_000), { maxLength: 20 }), async (outcomes, waits) => {
      const { time, channels, reports } = setUp();
      const channel = new ScriptedChannel('ops', ...outcomes);
      channels.add(channel, { maxQueued: 3, deadlineMs: 1000, maxAttempts: 3 });
      const sent: Promise<boolean>[] = [];
      for (const [at, waitMs] of waits.entries()) {
        sent.push(channels.send(to('ops', String(at).padStart(3, '0'))));
        await time.advance(waitMs);
      }
      await time.advance(1_000_000);
      const delivered = (await Promise.all(sent)).filter(Boolean).length;
      const { ops } = channels.stats();
      expect(ops).toMatchObject({ delivered, queued: 0 });
      expect((ops?.delivered ?? 0) + (ops?.failed ?? 0) + (ops?.dropped ?? 0)).toBe(waits.length);
      expect(reports).toHaveLength(waits.length);
      expect(channel.mostUnderWay).toBeLessThanOrEqual(1);
      const keys = channel.attempts.map(({ groupKey }) => groupKey);
      expect(keys).toEqual(keys.toSorted());
      expect(time.pending).toBe(0);
    }),
    { numRuns: 100 },
  );
});
