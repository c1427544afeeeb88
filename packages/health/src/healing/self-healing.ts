import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Alert, AlertChange } from '../alerts/alert.ts';
import { keyOf, pick } from '../alerts/labels.ts';
import { parseWith } from '../alerts/schema.ts';
import { HealthError } from '../errors.ts';
import { matching, wholeNumber } from '../options.ts';
import { tell } from '../tell.ts';
import { type Clock, processTimers, steadyClock, type Timers } from '../time.ts';
import type { HealingAction, HealingBinding, HealingBindingInput, HealingEntry, HealingSkip } from './action.ts';
import { healingBindingSchema } from './binding-schema.ts';
import { HealingTarget, type TargetDependencies } from './healing-target.ts';

/** Set-up of {@link SelfHealing}. */
export interface SelfHealingOptions {
  readonly bindings: readonly HealingBindingInput[];
  /**
   * Told of each run before it starts and after it has ended. It is waited for, up to `auditDeadlineMs`; when it fails or takes longer the
   * run goes on, since what is broken may be the very database that the audit log is in.
   */
  readonly audit: (entry: HealingEntry) => void | Promise<void>;
  /** Hears of an entry that the audit log did not take in time. What it throws becomes an uncaught exception. */
  readonly auditFailed?: ((entry: HealingEntry) => void) | undefined;
  /** Hears, once for each time that an alert fires, when an action has to wait for its turn. What it throws becomes an uncaught exception. */
  readonly skipped?: ((skip: HealingSkip) => void) | undefined;
  /** 1 to 60,000 ms (default 5000). */
  readonly auditDeadlineMs?: number | undefined;
  /** Default: the time of day that never jumps. */
  readonly clock?: Clock | undefined;
  /** Default: those of the process; none keeps it alive. */
  readonly timers?: Timers | undefined;
  /** Default: a random UUID. */
  readonly newId?: (() => string) | undefined;
}

/** From here on those are forgotten that nothing happens to any longer: labels may have any number of values. */
const maxIdleTargets = 1000;

/**
 * Runs actions when alerts fire: at most one at a time on each target, never within the cool-down, and each run is audited.
 *
 * An action that has to wait runs as soon as it may if its alert still fires then. Cool-downs are in memory: a process that starts anew
 * may run an action at once.
 *
 * @example
 * ```ts
 * import { SelfHealing } from '@midgard/health';
 *
 * const healing = new SelfHealing({
 *   bindings: [{ rule: 'PoolExhausted', action: 'reconnect-pool', coolDownMs: 300_000, maxPerHour: 4 }],
 *   audit: (entry) => console.log(entry),
 * });
 * healing.register({ name: 'reconnect-pool', targetLabels: ['database'], run: ({ labels }) => console.log(`reconnecting ${labels['database']}`) });
 * // and new Alerts({ …, changed: (change) => healing.observe(change) })
 * healing.stop();
 * ```
 */
export class SelfHealing {
  readonly #bindings: readonly HealingBinding[];
  readonly #actions = new Map<string, HealingAction>();
  readonly #targets = new Map<string, HealingTarget>();
  readonly #dependencies: Omit<TargetDependencies, 'auditFailed' | 'skipped'>;
  readonly #auditFailed: (entry: HealingEntry) => void;
  readonly #skipped: (skip: HealingSkip) => void;
  #isStopped = false;

  /** @throws {HealthError} `ERR_HEALTH_OPTIONS`, naming the field */
  constructor({ bindings, audit, auditFailed = () => undefined, skipped = () => undefined, auditDeadlineMs = 5000, ...world }: SelfHealingOptions) {
    const { clock = steadyClock, timers = processTimers, newId = randomUUID } = world;
    this.#bindings = parseWith(z.array(healingBindingSchema).max(1000), bindings, 'bindings');
    this.#dependencies = { audit, clock, timers, newId, auditDeadlineMs: wholeNumber('auditDeadlineMs', auditDeadlineMs, 1, 60_000) };
    this.#auditFailed = auditFailed;
    this.#skipped = skipped;
  }

  /** Names of actions that a binding wants and nobody has registered: for a warning at start. */
  get missing(): readonly string[] {
    return [...new Set(this.#bindings.map(({ action }) => action))].filter((name) => !this.#actions.has(name));
  }

  /**
   * @throws {HealthError} `ERR_HEALTH_CLASH`: there is one of that name; `ERR_HEALTH_OPTIONS`: a setting is out of its range
   */
  register(action: HealingAction): void {
    matching('name', action.name, /^[A-Za-z][\w.-]{0,63}$/, 'a letter and at most 63 more letters, digits, ".", "_" or "-"');
    wholeNumber(`${action.name}: deadlineMs`, action.deadlineMs ?? 1, 1, 3_600_000);
    if (this.#actions.has(action.name)) throw new HealthError('ERR_HEALTH_CLASH', `there is an action named ${action.name}`);
    this.#actions.set(action.name, action);
  }

  /** Give it every change of an alert's state. It returns at once. */
  observe({ alert, to }: AlertChange): void {
    if (this.#isStopped || (to !== 'firing' && to !== 'resolved')) return;
    for (const binding of this.#bindings) {
      const action = this.#actions.get(binding.action);
      if (binding.rule !== alert.rule || action === undefined) continue;
      const target = this.#targetOf(action, alert);
      if (to === 'firing') target.want(binding, alert);
      else target.release(binding, alert);
    }
  }

  /** Starts nothing more, and aborts what runs. What was done is not undone. */
  stop(): void {
    this.#isStopped = true;
    for (const target of this.#targets.values()) target.stop();
  }

  #targetOf(action: HealingAction, alert: Alert): HealingTarget {
    const labels = pick(alert.labels, action.targetLabels ?? []);
    const key = `${action.name}:${keyOf(labels)}`;
    const known = this.#targets.get(key);
    if (known !== undefined) return known;
    if (this.#targets.size >= maxIdleTargets) this.#forget();
    const auditFailed = (entry: HealingEntry): void => tell(() => this.#auditFailed(entry));
    const skipped = (skip: HealingSkip): void => tell(() => this.#skipped(skip));
    const target = new HealingTarget(action, labels, { ...this.#dependencies, auditFailed, skipped });
    this.#targets.set(key, target);
    return target;
  }

  #forget(): void {
    const now = this.#dependencies.clock.now();
    for (const [key, target] of this.#targets) if (target.isOver(now)) this.#targets.delete(key);
  }
}
