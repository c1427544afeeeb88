/** How a component fares; `unknown` until its first check has ended. */
export type Status = 'unknown' | 'up' | 'degraded' | 'down';

/** What one check found. */
export type CheckedStatus = Exclude<Status, 'unknown'>;

/** Figures beside a result, for people who may see the details: no secrets, no addresses of hosts. */
export type Details = Readonly<Record<string, string | number | boolean>>;

/** What a check answers. */
export interface CheckResult {
  readonly status: CheckedStatus;
  /** A word or a code that says why it is not up: `lagging`, `ECONNREFUSED`. Letters, digits, `-`, `_` and `.`, at most 64. */
  readonly reason?: string | undefined;
  /** At most 16; a text is cut at 200 characters. */
  readonly details?: Details | undefined;
}

/**
 * Looks at one component. What it throws is a result, too: `down`, with the error's code as the reason and never its message.
 *
 * @param signal aborted when the deadline is over or the component is taken out
 */
export type Check = (signal: AbortSignal) => CheckResult | Promise<CheckResult>;

/** A component to be watched. */
export interface ComponentOptions {
  /** Unique, shown to whoever may ask for readiness: letters, digits, `.`, `_`, `:` and `-`, at most 64; no addresses. */
  readonly name: string;
  /** What sort of thing it is: `database`, `redis`, `disk`, `game`; letters, digits and `-`, at most 32. */
  readonly kind: string;
  readonly check: Check;
  /** Readiness depends on it (default false). */
  readonly isCritical?: boolean | undefined;
  /** Time for one check, 1 to 600,000 ms (default 2000). */
  readonly deadlineMs?: number | undefined;
  /** A result counts for so long, and the next check starts no earlier, 0 to 3,600,000 ms (default 5000). */
  readonly ttlMs?: number | undefined;
  /** Results in a row that are worse than the status before it falls, 1 to 100 (default 3). */
  readonly fall?: number | undefined;
  /** Results in a row that are better than the status before it rises, 1 to 100 (default 2). */
  readonly rise?: number | undefined;
}

/** What is known of a component. */
export interface ComponentReport {
  readonly name: string;
  readonly kind: string;
  readonly isCritical: boolean;
  readonly status: Status;
  /** When the status was entered, epoch milliseconds. */
  readonly since: number;
  /** What the last check found: it differs from `status` while results are counted. */
  readonly lastResult: Status;
  readonly reason: string | undefined;
  readonly details: Details;
  /** How long the last check took, milliseconds; undefined before the first. */
  readonly latencyMs: number | undefined;
  /** When the last check ended, epoch milliseconds; undefined before the first. */
  readonly checkedAt: number | undefined;
  /** Results in a row that were not `up`. */
  readonly failures: number;
}

/** A component changed its status. */
export interface StatusChange {
  readonly name: string;
  readonly kind: string;
  readonly isCritical: boolean;
  readonly from: Status;
  readonly to: CheckedStatus;
  readonly reason: string | undefined;
  readonly details: Details;
  /** Epoch milliseconds. */
  readonly at: number;
}
