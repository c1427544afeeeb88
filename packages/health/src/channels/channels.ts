import { alertRuleSchema } from '../alerts/schema.ts';
import { newAlert } from '../alerts/alert.ts';
import { type Notification, notificationOf } from '../alerts/notification.ts';
import { HealthError } from '../errors.ts';
import { tell } from '../tell.ts';
import { type Clock, processTimers, type Timers, wallClock } from '../time.ts';
import type { Channel } from './channel.ts';
import { type DeliveryPolicy, deliverySettings } from './delivery-policy.ts';
import { type ChannelStats, type DeliveryReport, Outbox } from './outbox.ts';

/** Set-up of {@link Channels}. */
export interface ChannelsOptions {
  /** Hears how each message ended, for logs and figures; no secret is in it. What it throws becomes an uncaught exception. */
  readonly ended?: ((report: DeliveryReport) => void) | undefined;
  /** From 0 to below 1 (default `Math.random`), for the waits between attempts. */
  readonly random?: (() => number) | undefined;
  /** Default: the time of day. */
  readonly clock?: Clock | undefined;
  /** Default: those of the process; none keeps it alive. */
  readonly timers?: Timers | undefined;
}

/**
 * The channels that alerts may go to. Each has a queue of its own, so that one that is dead holds up no other.
 *
 * A message is delivered at least once or given up: an answer that comes after the deadline is a failed attempt, and the message may have
 * arrived all the same. Queues are in memory and end with the process.
 *
 * @example
 * ```ts
 * import { Channels, createChannel } from '@midgard/health';
 *
 * const channels = new Channels({ ended: ({ channel, outcome, reason }) => console.log(channel, outcome, reason) });
 * channels.add(createChannel({ kind: 'slack', name: 'ops', url: 'https://hooks.slack.com/services/T0/B0/secret' }));
 * console.log(await channels.sendTest('ops'));
 * channels.close();
 * ```
 */
export class Channels {
  readonly #outboxes = new Map<string, Outbox>();
  readonly #ended: (report: DeliveryReport) => void;
  readonly #random: () => number;
  readonly #clock: Clock;
  readonly #timers: Timers;

  constructor({ ended = () => undefined, random = Math.random, clock = wallClock, timers = processTimers }: ChannelsOptions = {}) {
    this.#ended = ended;
    this.#random = random;
    this.#clock = clock;
    this.#timers = timers;
  }

  /**
   * @param channel made by `createChannel`, or one's own
   * @returns takes it out again; what waits is given up
   * @throws {HealthError} `ERR_HEALTH_CLASH`: there is one of that name; `ERR_HEALTH_OPTIONS`: a bound of the policy is out of its range
   */
  add(channel: Channel, policy: DeliveryPolicy = {}): () => void {
    const { name } = channel;
    if (this.#outboxes.has(name)) throw new HealthError('ERR_HEALTH_CLASH', `there is a channel named ${name}`);
    const outbox = new Outbox(channel, deliverySettings(policy), { timers: this.#timers, random: this.#random, ended: this.#ended });
    this.#outboxes.set(name, outbox);
    return () => {
      if (this.#outboxes.get(name) === outbox) this.#outboxes.delete(name);
      outbox.close();
    };
  }

  /** Queues a notification for the channel that it names. True when it was delivered in the end; never rejects. Give it to `Alerts`. */
  readonly send = (notification: Notification): Promise<boolean> => {
    const outbox = this.#outboxes.get(notification.channel);
    if (outbox !== undefined) return outbox.send(notification);
    const { channel, isTest } = notification;
    tell(() => this.#ended({ channel, kind: 'none', outcome: 'dropped', reason: 'no-such-channel', attempts: 0, isTest }));
    return Promise.resolve(false);
  };

  /**
   * Sends one that says it is a test: at once, in one attempt.
   *
   * @throws {HealthError} `ERR_HEALTH_UNKNOWN`: there is no channel of that name
   */
  async sendTest(name: string): Promise<DeliveryReport> {
    const outbox = this.#outboxes.get(name);
    if (outbox === undefined) throw new HealthError('ERR_HEALTH_UNKNOWN', `there is no channel named ${name}`);
    return outbox.sendNow(testNotification(name, this.#clock.now()));
  }

  /** What became of the messages of each channel, by name. */
  stats(): Readonly<Record<string, ChannelStats>> {
    return Object.fromEntries(Array.from(this.#outboxes, ([name, outbox]) => [name, outbox.stats()]));
  }

  /** Gives up what waits and what is under way, and frees what the channels hold. */
  close(): void {
    for (const outbox of this.#outboxes.values()) outbox.close();
    this.#outboxes.clear();
  }
}

/** Looks like any other, so that what works with it works with them. */
function testNotification(channel: string, now: number): Notification {
  const rule = alertRuleSchema.parse({
    name: 'Test',
    metric: 'test',
    comparison: '>',
    value: 0,
    severity: 'info',
    summary: 'This is a test: nothing is wrong.',
    addLabels: { test: 'true' },
  });
  const alert = { ...newAlert(rule, { labels: {}, value: 1 }, now), state: 'firing' as const, firedAt: now };
  return notificationOf({ channel, groupKey: 'test', groupLabels: { alertname: 'Test' }, alerts: [alert], isTest: true });
}
