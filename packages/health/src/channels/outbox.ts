import type { Notification } from '../alerts/notification.ts';
import { withDeadline } from '../deadline.ts';
import { reasonOf } from '../errors.ts';
import { tell } from '../tell.ts';
import type { Timers } from '../time.ts';
import { type Channel, DeliveryError, type DeliveryFailure } from './channel.ts';
import { type DeliverySettings, retryDelayMs } from './delivery-policy.ts';

/** How a message ended. */
export interface DeliveryReport {
  readonly channel: string;
  readonly kind: string;
  /** `dropped`: it was the oldest of too many that waited, or the channels were closed. */
  readonly outcome: 'delivered' | 'failed' | 'dropped';
  /** Why not, a word or a code. */
  readonly reason: string | undefined;
  readonly attempts: number;
  readonly isTest: boolean;
}

/** What became of a channel's messages since it was added. */
export interface ChannelStats {
  readonly kind: string;
  readonly delivered: number;
  readonly failed: number;
  readonly dropped: number;
  /** Attempts beyond the first of each message. */
  readonly retries: number;
  /** Messages that wait or are under way. */
  readonly queued: number;
}

/** What an outbox works with. */
export interface OutboxDependencies {
  readonly timers: Timers;
  readonly random: () => number;
  readonly ended: (report: DeliveryReport) => void;
}

interface Waiting {
  readonly notification: Notification;
  readonly resolve: (isDelivered: boolean) => void;
}

/** The messages of one channel: one after the other, tried again when that may help, and no more than it can hold. */
export class Outbox {
  readonly channel: Channel;
  readonly #settings: DeliverySettings;
  readonly #dependencies: OutboxDependencies;
  readonly #closing = new AbortController();
  readonly #waiting: Waiting[] = [];
  readonly #counts = { delivered: 0, failed: 0, dropped: 0, retries: 0 };
  #isBusy = false;

  constructor(channel: Channel, settings: DeliverySettings, dependencies: OutboxDependencies) {
    this.channel = channel;
    this.#settings = settings;
    this.#dependencies = dependencies;
  }

  /** Resolves true when it was delivered, and false when it was not and will not be; never rejects. */
  send(notification: Notification): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    if (this.#closing.signal.aborted) {
      this.#drop({ notification, resolve }, 'closed');
      return promise;
    }
    if (this.#waiting.length >= this.#settings.maxQueued) this.#drop(this.#waiting.shift(), 'queue-full');
    this.#waiting.push({ notification, resolve });
    if (!this.#isBusy) void this.#work();
    return promise;
  }

  /** One attempt past the queue, for somebody who waits for its outcome. */
  async sendNow(notification: Notification): Promise<DeliveryReport> {
    const failure = await this.#attempt(notification);
    return this.#end(notification, failure, 1);
  }

  stats(): ChannelStats {
    return { kind: this.channel.kind, ...this.#counts, queued: this.#waiting.length + (this.#isBusy ? 1 : 0) };
  }

  /** Gives up what is under way and what waits. */
  close(): void {
    this.#closing.abort();
    for (const waiting of this.#waiting.splice(0)) this.#drop(waiting, 'closed');
    this.channel.close?.();
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const { notification, resolve } = next;
      const { outcome } = await this.#deliver(notification);
      resolve(outcome === 'delivered');
    }
    this.#isBusy = false;
  }

  async #deliver(notification: Notification): Promise<DeliveryReport> {
    for (let attempt = 1; ; attempt += 1) {
      const failure = await this.#attempt(notification);
      const isLast = attempt >= this.#settings.maxAttempts || this.#closing.signal.aborted;
      if (failure === undefined || !failure.isRetryable || isLast) return this.#end(notification, failure, attempt);
      this.#counts.retries += 1;
      await this.#pause(retryDelayMs(attempt, this.#settings, this.#dependencies.random(), failure.retryAfterMs));
      if (this.#closing.signal.aborted) return this.#end(notification, failure, attempt);
    }
  }

  async #attempt(notification: Notification): Promise<DeliveryFailure | undefined> {
    const options = { deadlineMs: this.#settings.deadlineMs, timers: this.#dependencies.timers, signal: this.#closing.signal };
    const ended = await withDeadline((signal) => this.channel.deliver(notification, signal), options);
    if (ended.how === 'answered') return undefined;
    if (ended.how === 'late') return { reason: this.#closing.signal.aborted ? 'closed' : 'timeout', isRetryable: true };
    const { error } = ended;
    return error instanceof DeliveryError ? error : { reason: reasonOf(error, 'failed'), isRetryable: true };
  }

  async #pause(delayMs: number): Promise<void> {
    const { signal } = this.#closing;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#dependencies.timers.after(delayMs, resolve);
    const end = (): void => resolve();
    signal.addEventListener('abort', end, { once: true });
    await promise;
    timer.cancel();
    signal.removeEventListener('abort', end);
  }

  #drop(waiting: Waiting | undefined, reason: string): void {
    if (waiting === undefined) return;
    this.#report(waiting.notification, { outcome: 'dropped', reason, attempts: 0 });
    waiting.resolve(false);
  }

  #end(notification: Notification, failure: DeliveryFailure | undefined, attempts: number): DeliveryReport {
    return this.#report(notification, { outcome: failure === undefined ? 'delivered' : 'failed', reason: failure?.reason, attempts });
  }

  #report(notification: Notification, end: Pick<DeliveryReport, 'outcome' | 'reason' | 'attempts'>): DeliveryReport {
    const report: DeliveryReport = { channel: this.channel.name, kind: this.channel.kind, isTest: notification.isTest, ...end };
    this.#counts[end.outcome] += 1;
    tell(() => this.#dependencies.ended(report));
    return report;
  }
}
