import { type Alert, type AlertChange, alertLabels, annotationsOf, newAlert } from './alert.ts';
import type { Hit } from './condition.ts';
import { keyOf } from './labels.ts';
import type { AlertRule } from './rule.ts';

interface Entry {
  alert: Alert;
  /** Since when it fires only because it is kept; undefined while the condition holds. */
  keptSince: number | undefined;
}

/**
 * The alerts of one rule, with the states of Prometheus: a condition that holds makes an alert `pending`, and once it has held at every
 * look for `forMs`, `firing`. One that does not hold ends a pending alert without a word, and resolves a firing one after `keepFiringMs`.
 *
 * @see https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
 */
export class RuleState {
  readonly rule: AlertRule;
  readonly #entries = new Map<string, Entry>();

  constructor(rule: AlertRule) {
    this.rule = rule;
  }

  /** What is pending or fires. */
  alerts(): Alert[] {
    return Array.from(this.#entries.values(), ({ alert }) => alert);
  }

  /**
   * Takes in what the condition holds for now.
   *
   * @param now epoch milliseconds
   * @returns what has changed: for one alert perhaps two steps
   */
  update(hits: readonly Hit[], now: number): AlertChange[] {
    const held = new Set<string>();
    const begun = hits.flatMap((hit) => {
      const key = keyOf(alertLabels(this.rule, hit));
      if (held.has(key)) return [];
      held.add(key);
      return this.#hold(key, hit, now);
    });
    const ended = [...this.#entries].flatMap(([key, entry]) => (held.has(key) ? [] : this.#miss(key, entry, now)));
    return [...begun, ...ended];
  }

  /** Ends all at once: the rule is gone. */
  end(now: number): AlertChange[] {
    return [...this.#entries].map(([key, { alert }]) => this.#end(key, alert, now));
  }

  #hold(key: string, hit: Hit, now: number): AlertChange[] {
    const known = this.#entries.get(key);
    const entry = known ?? { alert: newAlert(this.rule, hit, now), keptSince: undefined };
    entry.keptSince = undefined;
    entry.alert = { ...entry.alert, value: hit.value, annotations: annotationsOf(this.rule, hit, entry.alert.labels) };
    this.#entries.set(key, entry);
    const begun: AlertChange[] = known === undefined ? [{ alert: entry.alert, from: 'inactive', to: 'pending' }] : [];
    if (entry.alert.state !== 'pending' || now - entry.alert.activeAt < this.rule.forMs) return begun;
    entry.alert = { ...entry.alert, state: 'firing', firedAt: now };
    return [...begun, { alert: entry.alert, from: 'pending', to: 'firing' }];
  }

  #miss(key: string, entry: Entry, now: number): AlertChange[] {
    if (entry.alert.state === 'firing') {
      entry.keptSince ??= now;
      if (now - entry.keptSince < this.rule.keepFiringMs) return [];
    }
    return [this.#end(key, entry.alert, now)];
  }

  #end(key: string, alert: Alert, now: number): AlertChange {
    this.#entries.delete(key);
    if (alert.state === 'pending') return { alert, from: 'pending', to: 'inactive' };
    return { alert: { ...alert, state: 'resolved', resolvedAt: now }, from: 'firing', to: 'resolved' };
  }
}
