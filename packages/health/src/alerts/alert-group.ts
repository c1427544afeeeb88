import type { Alert } from './alert.ts';
import type { Labels } from './labels.ts';
import { type Notification, notificationOf } from './notification.ts';
import type { Route } from './rule.ts';

/** What a channel was told last. */
interface Receipt {
  readonly firing: ReadonlySet<string>;
  readonly resolved: ReadonlySet<string>;
  readonly at: number;
}

/** What a group needs besides its alerts. */
export interface GroupDependencies {
  /** Whether an alert is not to be told of now. */
  readonly isMuted: (alert: Alert) => boolean;
  /** Tells a channel; true when it has taken the message. */
  readonly send: (notification: Notification) => Promise<boolean>;
}

/**
 * Alerts of one route that are told of together, at the pace of Alertmanager: first after `groupWaitMs`, then at most every
 * `groupIntervalMs` when an alert came or ended, and every `repeatIntervalMs` when nothing did.
 *
 * A message that a channel did not take is made again at the next interval, from what is true then.
 */
export class AlertGroup {
  readonly #route: Route;
  readonly #key: string;
  readonly #labels: Labels;
  readonly #dependencies: GroupDependencies;
  readonly #alerts = new Map<string, Alert>();
  readonly #receipts = new Map<string, Receipt>();
  readonly #underWay = new Set<string>();
  /** When it is to be looked at, epoch milliseconds. */
  dueAt: number;

  /** @param now epoch milliseconds */
  constructor(route: Route, key: string, labels: Labels, dependencies: GroupDependencies, now: number) {
    this.#route = route;
    this.#key = key;
    this.#labels = labels;
    this.#dependencies = dependencies;
    this.dueAt = now + route.groupWaitMs;
  }

  /** Whether it is to be looked at: its time has come, or lies further away than any wait, so that the clock was set back. */
  isDue(now: number): boolean {
    const { groupWaitMs, groupIntervalMs } = this.#route;
    return this.dueAt <= now || this.dueAt - now > Math.max(groupWaitMs, groupIntervalMs);
  }

  /** Nothing is left to be told, and nothing is under way. */
  get isOver(): boolean {
    return this.#alerts.size === 0 && this.#underWay.size === 0;
  }

  /** Takes an alert in, in place of what was known of it. */
  put(alert: Alert): void {
    this.#alerts.set(alert.fingerprint, alert);
  }

  /** Tells each channel what it does not know. */
  flush(now: number): void {
    this.dueAt = now + this.#route.groupIntervalMs;
    const audible = [...this.#alerts.values()].filter((alert) => !this.#dependencies.isMuted(alert));
    if (audible.length > 0) for (const channel of this.#route.channels) this.#tell(channel, audible, now);
    this.#forgetOld(now);
    this.#forgetTold();
  }

  #tell(channel: string, audible: readonly Alert[], now: number): void {
    if (this.#underWay.has(channel)) return;
    const receipt: Receipt = { firing: fingerprints(audible, 'firing'), resolved: fingerprints(audible, 'resolved'), at: now };
    if (!this.#isNews(receipt, this.#receipts.get(channel))) return;
    const told = this.#route.sendResolved ? audible : audible.filter(({ state }) => state === 'firing');
    if (told.length === 0) {
      this.#receipts.set(channel, receipt);
      return;
    }
    const notification = notificationOf({ channel, groupKey: this.#key, groupLabels: this.#labels, alerts: told });
    this.#underWay.add(channel);
    const end = (isTaken: boolean): void => {
      this.#underWay.delete(channel);
      this.#receipts.set(channel, isTaken ? receipt : this.#doubtful(channel, receipt));
      this.#forgetTold();
    };
    void this.#send(notification).then(end, () => end(false));
  }

  /** What a sender throws at once is a failure like one that it rejects with. */
  async #send(notification: Notification): Promise<boolean> {
    return this.#dependencies.send(notification);
  }

  /** What was not taken may have arrived all the same, so that nobody knows what the channel believes: it is told again, and of every end. */
  #doubtful(channel: string, { firing }: Receipt): Receipt {
    return { firing: new Set([...firing, ...(this.#receipts.get(channel)?.firing ?? [])]), resolved: new Set(), at: -Infinity };
  }

  /** The rule of Alertmanager's notification log. */
  #isNews(now: Receipt, last: Receipt | undefined): boolean {
    if (last === undefined) return now.firing.size > 0;
    if (!isSubset(now.firing, last.firing)) return true;
    if (now.firing.size === 0) return last.firing.size > 0;
    if (this.#route.sendResolved && !isSubset(now.resolved, last.resolved)) return true;
    return now.at - last.at >= this.#route.repeatIntervalMs;
  }

  /** What is over stays until each channel knows, or has never heard of it. */
  #forgetTold(): void {
    const waits = (fingerprint: string, channel: string): boolean => this.#receipts.get(channel)?.firing.has(fingerprint) === true;
    for (const [fingerprint, { state }] of this.#alerts) {
      if (state !== 'resolved') continue;
      const isAwaited = this.#route.channels.some((channel) => this.#underWay.has(channel) || waits(fingerprint, channel));
      if (!isAwaited) this.#alerts.delete(fingerprint);
    }
  }

  /** A channel that is dead for good must not keep everything that ever ended. */
  #forgetOld(now: number): void {
    for (const [fingerprint, { resolvedAt }] of this.#alerts) {
      if (resolvedAt !== undefined && now - resolvedAt > this.#route.repeatIntervalMs) this.#alerts.delete(fingerprint);
    }
  }
}

function fingerprints(alerts: readonly Alert[], state: Alert['state']): ReadonlySet<string> {
  return new Set(alerts.flatMap((alert) => (alert.state === state ? [alert.fingerprint] : [])));
}

function isSubset(part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean {
  return [...part].every((each) => whole.has(each));
}
