import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { reasonOf } from '../errors.ts';
import { wholeNumber } from '../options.ts';
import { tell } from '../tell.ts';
import { type Clock, maxTimerMs, processTimers, type Timer, type Timers, wallClock } from '../time.ts';
import type { Alert, AlertChange } from './alert.ts';
import { AlertGroups } from './alert-groups.ts';
import { Condition } from './condition.ts';
import { isInhibited } from './inhibited.ts';
import type { MetricSource } from './metric-source.ts';
import type { Notification } from './notification.ts';
import type { AlertRuleInput, Inhibition, InhibitionInput, RouteInput } from './rule.ts';
import { RuleState } from './rule-state.ts';
import { alertRulesSchema, inhibitionSchema, parseWith, routeSchema } from './schema.ts';
import { Silences } from './silences.ts';

/** Set-up of {@link Alerts}. */
export interface AlertsOptions {
  readonly rules: readonly AlertRuleInput[];
  readonly source: MetricSource;
  /** Where alerts go; the first that matches counts. Without one nobody is told but the listener. */
  readonly routes?: readonly RouteInput[] | undefined;
  readonly inhibitions?: readonly InhibitionInput[] | undefined;
  /** Default: none, and more may be added. */
  readonly silences?: Silences | undefined;
  /** Tells a channel, such as `channels.send`; true when it has taken the message. Default: nobody. */
  readonly send?: ((notification: Notification) => Promise<boolean>) | undefined;
  /** Hears of every change of a state, for logs and for self-healing. What it throws becomes an uncaught exception. */
  readonly changed?: ((change: AlertChange) => void) | undefined;
  /** Hears when the metrics could not be read; the states stay as they are. */
  readonly failed?: ((reason: string) => void) | undefined;
  /** Time from one look to the next, 100 to 3,600,000 ms (default 15,000). */
  readonly intervalMs?: number | undefined;
  /** Default: the time of day. */
  readonly clock?: Clock | undefined;
  /** Default: those of the process; none keeps it alive. */
  readonly timers?: Timers | undefined;
}

/** An alert, and why it is not told of, where it is not. */
export interface AlertReport extends Alert {
  /** Ids of silences. */
  readonly silencedBy: readonly string[];
  readonly isInhibited: boolean;
}

interface Watched {
  readonly state: RuleState;
  readonly condition: Condition;
}

/**
 * Looks at metrics by rules, and tells channels of what is wrong and when it is over: what Prometheus and Alertmanager do, inside one process.
 *
 * A look is synchronous, O(rules × series of their metrics). All state is in memory: a process that starts anew knows of no alert, so what
 * still holds fires again after its `forMs`, and what ended meanwhile is not told of as resolved.
 *
 * @example
 * ```ts
 * import { Alerts, textMetrics } from '@midgard/health';
 *
 * const alerts = new Alerts({
 *   rules: [{ name: 'LedgerImbalance', metric: 'ledger_imbalance', comparison: '!=', value: 0, severity: 'critical', summary: '{{labels.game}} is off by {{value}}' }],
 *   source: textMetrics(() => 'ledger_imbalance{game="realm"} 3\n'),
 *   changed: ({ alert, to }) => console.warn(alert.annotations['summary'], to),
 * });
 * alerts.start();
 * alerts.stop();
 * ```
 */
export class Alerts {
  /** Adds, ends and lists silences. */
  readonly silences: Silences;
  readonly #source: MetricSource;
  readonly #groups: AlertGroups;
  readonly #inhibitions: readonly Inhibition[];
  readonly #changed: (change: AlertChange) => void;
  readonly #failed: (reason: string) => void;
  readonly #intervalMs: number;
  readonly #clock: Clock;
  readonly #timers: Timers;
  #watched: readonly Watched[];
  #timer: Timer | undefined;
  #nextLookAt = 0;
  #isRunning = false;

  /** @throws {HealthError} `ERR_HEALTH_OPTIONS`, naming each field of a rule, a route or an inhibition that makes no sense */
  constructor({ rules, source, ...options }: AlertsOptions) {
    const { routes = [], inhibitions = [], send = async () => true, changed = () => undefined, failed = () => undefined, intervalMs = 15_000 } = options;
    const { clock = wallClock, timers = processTimers, silences = new Silences({ clock }) } = options;
    this.silences = silences;
    this.#source = source;
    this.#watched = this.#watchedBy(rules);
    this.#inhibitions = parseWith(z.array(inhibitionSchema), inhibitions, 'inhibitions');
    this.#groups = new AlertGroups(parseWith(z.array(routeSchema), routes, 'routes'), { send, isMuted: (alert) => this.#isMuted(alert) });
    this.#changed = changed;
    this.#failed = failed;
    this.#intervalMs = wholeNumber('intervalMs', intervalMs, 100, 3_600_000);
    this.#clock = clock;
    this.#timers = timers;
  }

  /** Looks now and then again at every interval, until {@link stop}. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#turn();
  }

  /** Ends looks and messages by timer. */
  stop(): void {
    this.#isRunning = false;
    this.#timer?.cancel();
  }

  /** Looks at every rule now, and sends the messages that are due. */
  evaluate(): void {
    const now = this.#clock.now();
    for (const change of this.#look(now)) this.#pass(change, now);
    this.#groups.flush(now);
  }

  /**
   * Takes other rules. One that is the same as before keeps its alerts; those of one that is gone or changed end.
   *
   * @throws {HealthError} `ERR_HEALTH_OPTIONS`, naming the field; then the rules stay as they were
   */
  replaceRules(rules: readonly AlertRuleInput[]): void {
    const now = this.#clock.now();
    const before = this.#watched;
    this.#watched = this.#watchedBy(rules).map((next) => before.find(({ state }) => isDeepStrictEqual(state.rule, next.state.rule)) ?? next);
    for (const watched of before) {
      if (!this.#watched.includes(watched)) for (const change of watched.state.end(now)) this.#pass(change, now);
    }
  }

  /** What is pending or fires, the worst first. */
  list(): readonly AlertReport[] {
    const firing = this.#firing();
    return this.#alerts()
      .map((alert) => ({
        ...alert,
        silencedBy: this.silences.matching(alert.labels),
        isInhibited: isInhibited(alert.labels, firing, this.#inhibitions),
      }))
      .sort((a, b) => ranks[b.severity] - ranks[a.severity] || a.activeAt - b.activeAt);
  }

  #watchedBy(rules: readonly AlertRuleInput[]): readonly Watched[] {
    return parseWith(alertRulesSchema, rules, 'rules').map((rule) => ({ state: new RuleState(rule), condition: new Condition(rule) }));
  }

  #turn(): void {
    const now = this.#clock.now();
    // A look that is further away than an interval means that the clock was set back.
    if (now >= this.#nextLookAt || this.#nextLookAt - now > this.#intervalMs) {
      this.#nextLookAt = now + this.#intervalMs;
      this.evaluate();
    } else {
      this.#groups.flush(now);
    }
    // A listener may have stopped it meanwhile.
    if (!this.#isRunning) return;
    const delayMs = Math.min(this.#nextLookAt, this.#groups.dueAt) - this.#clock.now();
    this.#timer = this.#timers.after(Math.min(Math.max(0, delayMs), maxTimerMs), () => this.#turn());
  }

  #look(now: number): readonly AlertChange[] {
    try {
      const snapshot = this.#source.snapshot();
      return this.#watched.flatMap(({ state, condition }) => state.update(condition.hits(snapshot, now), now));
    } catch (error) {
      tell(() => this.#failed(reasonOf(error, 'failed')));
      return [];
    }
  }

  #pass(change: AlertChange, now: number): void {
    if (change.to === 'firing' || change.to === 'resolved') this.#groups.put(change.alert, now);
    tell(() => this.#changed(change));
  }

  #isMuted({ labels }: Alert): boolean {
    if (this.silences.matching(labels).length > 0) return true;
    return this.#inhibitions.length > 0 && isInhibited(labels, this.#firing(), this.#inhibitions);
  }

  #alerts(): Alert[] {
    return this.#watched.flatMap(({ state }) => state.alerts());
  }

  #firing(): Alert[] {
    return this.#alerts().filter(({ state }) => state === 'firing');
  }
}

const ranks: Readonly<Record<Alert['severity'], number>> = { info: 0, warning: 1, critical: 2 };
