import { strict as assert } from 'node:assert';
import { inspect } from 'node:util';
import { type Alert, newAlert } from '../alerts/alert.ts';
import { type Notification, notificationOf } from '../alerts/notification.ts';
import { alertRuleSchema } from '../alerts/schema.ts';
import { type Channel, DeliveryError } from '../channels/channel.ts';
import type { ConformanceCase } from './conformance-case.ts';

/** A channel and the other side of it, both real. */
export interface ChannelUnderTest {
  readonly channel: Channel;
  /** From now on the other side takes messages, says that it is busy, refuses them for good, or says nothing. `take` at first. */
  readonly behave: (how: 'take' | 'busy' | 'refuse' | 'hang') => void;
  /** What has arrived, as it arrived. */
  readonly received: () => readonly string[];
  /** What no error may show: tokens, passwords, addresses. */
  readonly secrets: readonly string[];
  /** Why it does not give up when it is told to; left out where it does. */
  readonly cannotAbort?: string | undefined;
  readonly dispose: () => Promise<void>;
}

/**
 * The promises of a {@link Channel}, for built-in ones and for anyone's own.
 *
 * @param create makes what one case works on
 * @returns cases to be run one by one
 *
 * @example
 * ```ts
 * // not compiled: vitest is not a dependency of the reader's package
 * test.each(channelConformance(createMine))('$name', ({ run }) => run());
 * ```
 */
export function channelConformance(create: () => Promise<ChannelUnderTest>): readonly ConformanceCase[] {
  return Object.entries(cases).map(([name, check]) => ({
    name,
    run: async () => {
      const test = await create();
      try {
        await check(test);
      } finally {
        test.channel.close?.();
        await test.dispose();
      }
    },
  }));
}

const startedAt = 1_700_000_000_000;
const never = new AbortController().signal;

const cases: Readonly<Record<string, (test: ChannelUnderTest) => Promise<void>>> = {
  'it tells what fires': async ({ channel, received }) => {
    await channel.deliver(notificationWith(alert('alpha')), never);
    assert.equal(received().length, 1);
    assert.match(received()[0] ?? '', /alpha is late/);
  },
  'it tells what is over': async ({ channel, received }) => {
    await channel.deliver(notificationWith({ ...alert('alpha'), state: 'resolved', resolvedAt: startedAt + 1000 }), never);
    assert.match(received()[0] ?? '', /resolved/i);
  },
  'each message arrives once, in order': async ({ channel, received }) => {
    for (const name of ['alpha', 'beta', 'gamma']) await channel.deliver(notificationWith(alert(name)), never);
    assert.deepEqual(
      received().map((text) => /(alpha|beta|gamma) is late/.exec(text)?.[1]),
      ['alpha', 'beta', 'gamma'],
    );
  },
  'as many alerts as there may be, with long names in any script, are taken': async ({ channel, received }) => {
    const names = Array.from({ length: 150 }, (_, at) => `数据库🦊\u202e\n\r\u0000${'x'.repeat(300)}${at}`);
    await channel.deliver(notificationWith(...names.map(alert)), never);
    assert.equal(received().length, 1);
  },
  'of a busy service it says that another attempt may do better': async ({ channel, behave }) => {
    behave('busy');
    assert.equal((await failureOf(channel)).isRetryable, true);
  },
  'of a refusal it says that no attempt will do better': async ({ channel, behave }) => {
    behave('refuse');
    assert.equal((await failureOf(channel)).isRetryable, false);
  },
  'it works again after a failure': async ({ channel, behave, received }) => {
    behave('busy');
    await failureOf(channel);
    behave('take');
    await channel.deliver(notificationWith(alert('beta')), never);
    assert.match(received().at(-1) ?? '', /beta is late/);
  },
  'no error shows a secret': async ({ channel, behave, secrets }) => {
    for (const how of ['busy', 'refuse'] as const) {
      behave(how);
      const shown = inspect(await failureOf(channel), { depth: 10, showHidden: true });
      for (const secret of secrets) assert.ok(!shown.includes(secret), `an error shows ${secret}`);
    }
  },
  'it gives up when it is told to': async ({ channel, behave, cannotAbort }) => {
    if (cannotAbort !== undefined) return;
    behave('hang');
    const controller = new AbortController();
    const failure = failureOf(channel, controller.signal);
    controller.abort();
    assert.equal((await failure).isRetryable, true);
  },
};

async function failureOf(channel: Channel, signal: AbortSignal = never): Promise<DeliveryError> {
  const error: unknown = await channel.deliver(notificationWith(alert('alpha')), signal).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof DeliveryError, 'a failed delivery rejects with a DeliveryError');
  assert.match(error.reason, /^[A-Za-z0-9._-]{1,64}$/, 'a reason is a word');
  return error;
}

function alert(name: string): Alert {
  const rule = alertRuleSchema.parse({ name: 'Conformance', metric: 'm', comparison: '>', value: 0, summary: '{{labels.db}} is late' });
  return { ...newAlert(rule, { labels: { db: name }, value: 1 }, startedAt), state: 'firing', firedAt: startedAt };
}

function notificationWith(...alerts: Alert[]): Notification {
  return notificationOf({ channel: 'conformance', groupKey: 'conformance', groupLabels: {}, alerts });
}
