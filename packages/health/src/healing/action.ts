import type { Alert } from '../alerts/alert.ts';
import type { Labels } from '../alerts/labels.ts';

/** Does something about an alert, or takes it back. */
export type Heal = (alert: Alert, signal: AbortSignal) => void | Promise<void>;

/** Something that an app can do to heal itself: reconnect a pool, restart a worker, shed load. */
export interface HealingAction {
  /** Unique; what bindings name it by. Letters, digits, `.`, `_` and `-`, at most 64. */
  readonly name: string;
  /** Its signal is aborted at the deadline. What it throws is a failed run, told by its code and never by its message. */
  readonly run: Heal;
  /** Takes it back when no alert needs it any longer: load is no longer shed. Also after a run that failed, which may have done half. */
  readonly undo?: Heal | undefined;
  /**
   * Labels that say what it works on. Runs for different values are independent of each other: one pool may be reconnected while another
   * cools down. Default: none, so that there is one of it.
   */
  readonly targetLabels?: readonly string[] | undefined;
  /** Time for a run, 1 to 3,600,000 ms (default 30,000). */
  readonly deadlineMs?: number | undefined;
}

/** Which alerts have which action run, and how often at most. */
export interface HealingBinding {
  /** Name of the alert rule. */
  readonly rule: string;
  /** Name of the action. */
  readonly action: string;
  /** Least time from the start of one run of the action to the next on the same target, by whichever rule. */
  readonly coolDownMs: number;
  /** Most runs on one target within an hour; without it only the cool-down counts. */
  readonly maxPerHour?: number | undefined;
  /** Runs it again after each cool-down while the alert fires; else once each time that it begins to fire. */
  readonly repeats: boolean;
}

/** A binding as it is written down. */
export type HealingBindingInput = Pick<HealingBinding, 'rule' | 'action' | 'coolDownMs'> & {
  readonly maxPerHour?: number | undefined;
  readonly repeats?: boolean | undefined;
};

/** What an audit log is told of a run, before it starts and after it has ended. */
export interface HealingEntry {
  /** The same in both entries of a run. */
  readonly id: string;
  readonly phase: 'started' | 'ended';
  readonly kind: 'run' | 'undo';
  readonly action: string;
  readonly rule: string;
  /** What it works on, by the action's labels. */
  readonly target: Labels;
  readonly fingerprint: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Of an end. */
  readonly outcome?: 'succeeded' | 'failed' | 'timed-out' | undefined;
  /** Why it failed: a word or a code. */
  readonly reason?: string | undefined;
  /** Of an end. */
  readonly durationMs?: number | undefined;
}

/** Why an action was not run although an alert fires. */
export interface HealingSkip {
  readonly action: string;
  readonly rule: string;
  readonly fingerprint: string;
  readonly reason: 'cooling-down' | 'hourly-limit' | 'still-running';
  /** When it may run, epoch milliseconds; undefined while it runs. */
  readonly until: number | undefined;
}
