import type { Labels } from './labels.ts';
import type { Matcher } from './matcher.ts';

/** What may be left out but some, so that a default takes its place. */
type WithDefaults<T, K extends keyof T> = Pick<T, K> & { readonly [N in Exclude<keyof T, K>]?: T[N] | undefined };

/** How much an alert matters: look at it some day, look at it today, get up. */
export type Severity = 'info' | 'warning' | 'critical';

/** How a value is held against the one of the rule. */
export type Comparison = '>' | '>=' | '<' | '<=' | '==' | '!=';

/** A condition on a metric, and what to say when it holds. */
export interface AlertRule {
  /** Unique among the rules; the label `alertname`. */
  readonly name: string;
  /** As it is exposed: `http_requests_total`; with `quantile` the name of a histogram without its `_bucket`. */
  readonly metric: string;
  /** Only series with these labels. */
  readonly labels: Labels;
  /** Takes the increase of a counter per second, over this time, in place of its value; milliseconds. */
  readonly rateOverMs?: number | undefined;
  /** Takes this quantile of a histogram, 0 to 1: of each series, or with `reduce: sum` of all together. */
  readonly quantile?: number | undefined;
  /** Makes one value of all series, or of those alike in `by`; without it each series is an alert of its own. */
  readonly reduce?: 'sum' | 'max' | 'min' | 'avg' | undefined;
  /** Labels that remain when series are reduced. */
  readonly by: readonly string[];
  readonly comparison: Comparison;
  readonly value: number;
  /** How long it must hold before the alert fires, milliseconds. */
  readonly forMs: number;
  /** How long it goes on firing when it no longer holds, milliseconds. */
  readonly keepFiringMs: number;
  /** Fires when no series matches: for metrics that must be there. Else what is missing does not hold. */
  readonly firesWhenAbsent: boolean;
  readonly severity: Severity;
  /** One line for people, with {{name}}, {{severity}}, {{value}}, {{threshold}}, {{labels.game}}. */
  readonly summary: string;
  /** More for people, with the same. */
  readonly description?: string | undefined;
  /** Labels of the alert besides those of its series, for routes and groups. */
  readonly addLabels: Labels;
}

/** A rule as it is written down: what has a default may be left out. */
export type AlertRuleInput = WithDefaults<AlertRule, 'name' | 'metric' | 'comparison' | 'value'>;

/** Where alerts go, and at which pace. Times as Alertmanager has them: https://prometheus.io/docs/alerting/latest/configuration/#route */
export interface Route {
  /** All must match; none matches everything. */
  readonly match: readonly Matcher[];
  /** Names of channels. None: these alerts are not told of. */
  readonly channels: readonly string[];
  /** Alerts alike in these labels are told of together. */
  readonly groupBy: readonly string[];
  /** How long a new group waits for more alerts, milliseconds. */
  readonly groupWaitMs: number;
  /** Least time from one message of a group to the next, milliseconds. */
  readonly groupIntervalMs: number;
  /** When nothing has changed, it is said again after this time, milliseconds. */
  readonly repeatIntervalMs: number;
  /** Says when alerts are over, too. */
  readonly sendResolved: boolean;
  /** What matches goes on to the routes behind. */
  readonly isContinued: boolean;
}

/** A route as it is written down. */
export type RouteInput = WithDefaults<Route, 'channels'>;

/** Alerts that match `target` are not told of while one that matches `source` fires and has the same values of the labels `equal`. */
export interface Inhibition {
  readonly source: readonly Matcher[];
  readonly target: readonly Matcher[];
  readonly equal: readonly string[];
}

/** An inhibition as it is written down. */
export type InhibitionInput = WithDefaults<Inhibition, 'source' | 'target'>;
