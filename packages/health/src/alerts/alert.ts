import { fill } from '../template.ts';
import type { Hit } from './condition.ts';
import { fingerprintOf, labelOf, type Labels } from './labels.ts';
import type { AlertRule, Severity } from './rule.ts';

/** Where an alert stands: the condition holds, it has held for long enough, it is over. */
export type AlertState = 'pending' | 'firing' | 'resolved';

/** One condition that holds for one series, or has held. */
export interface Alert {
  /** 16 hexadecimal digits, of its labels. */
  readonly fingerprint: string;
  readonly rule: string;
  readonly severity: Severity;
  readonly state: AlertState;
  /** `alertname`, `severity`, those of the series and those of the rule. */
  readonly labels: Labels;
  /** `summary` and perhaps `description`, filled in. */
  readonly annotations: Labels;
  /** When it last held; NaN where the metric is absent. */
  readonly value: number;
  /** Since when the condition holds, epoch milliseconds. */
  readonly activeAt: number;
  /** Since when it fires; undefined before. */
  readonly firedAt: number | undefined;
  /** When it was over; undefined before. */
  readonly resolvedAt: number | undefined;
}

/** An alert came to another state; `inactive` when it is over before it fired. */
export interface AlertChange {
  readonly alert: Alert;
  readonly from: 'inactive' | 'pending' | 'firing';
  readonly to: 'inactive' | AlertState;
}

/** The labels of the alert that a hit of a rule makes. A rule's own win over those of the series. */
export function alertLabels(rule: AlertRule, hit: Hit): Labels {
  return { ...hit.labels, ...rule.addLabels, alertname: rule.name, severity: rule.severity };
}

/** A new alert. */
export function newAlert(rule: AlertRule, hit: Hit, now: number): Alert {
  const labels = alertLabels(rule, hit);
  return {
    fingerprint: fingerprintOf(labels),
    rule: rule.name,
    severity: rule.severity,
    state: 'pending',
    labels,
    annotations: annotationsOf(rule, hit, labels),
    value: hit.value,
    activeAt: now,
    firedAt: undefined,
    resolvedAt: undefined,
  };
}

/** The texts of an alert for its value now. */
export function annotationsOf(rule: AlertRule, hit: Hit, labels: Labels): Labels {
  const values: Labels = { name: rule.name, severity: rule.severity, value: numberText(hit.value), threshold: numberText(rule.value) };
  const valueOf = (name: string): string | undefined => (name.startsWith('labels.') ? labelOf(labels, name.slice('labels.'.length)) : labelOf(values, name));
  const summary = fill(rule.summary, valueOf);
  return rule.description === undefined ? { summary } : { summary, description: fill(rule.description, valueOf) };
}

/** As people read it: six digits, no more. */
function numberText(value: number): string {
  return Number.isNaN(value) ? 'absent' : String(Number(value.toPrecision(6)));
}
