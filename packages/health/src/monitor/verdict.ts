import type { ComponentReport, Status } from './component.ts';

/** What the process does just now: `warming` until it is told to serve, `draining` on its way down. */
export type Phase = 'warming' | 'serving' | 'draining';

/** Why the process should get no traffic. */
export interface UnreadyReason {
  /** The component that is at fault, where one is. */
  readonly component?: string;
  readonly reason: 'warming' | 'draining' | 'unknown' | 'down';
}

/** Whether a load balancer should send requests here. */
export interface ReadinessReport {
  readonly isReady: boolean;
  readonly phase: Phase;
  /** Empty when it is ready. */
  readonly reasons: readonly UnreadyReason[];
  /** The status of each component, by name. */
  readonly checks: Readonly<Record<string, Status>>;
}

/** How it all fares, without a name in it: for status pages that anyone may read. */
export interface HealthSummary {
  readonly status: Status;
  readonly phase: Phase;
  readonly components: Readonly<Record<Status, number>>;
}

/** How it all fares, with every component: for people who operate it. */
export interface HealthDetails {
  readonly status: Status;
  readonly phase: Phase;
  /** By name. */
  readonly components: readonly ComponentReport[];
}

type Judged = Pick<ComponentReport, 'name' | 'isCritical' | 'status'>;

/**
 * The worst status, by who has it: `down` when something critical is down, `degraded` when anything is not well, `unknown` while something
 * critical has not been looked at, else `up`.
 */
export function overallStatus(components: readonly Judged[]): Status {
  if (components.some(({ isCritical, status }) => isCritical && status === 'down')) return 'down';
  if (components.some(({ status }) => status === 'down' || status === 'degraded')) return 'degraded';
  return components.some(({ isCritical, status }) => isCritical && status === 'unknown') ? 'unknown' : 'up';
}

/** Ready while it serves, and everything critical is known not to be down: what is degraded still serves. */
export function readinessOf(components: readonly Judged[], phase: Phase): ReadinessReport {
  const blockers = components.flatMap(({ name, isCritical, status }): UnreadyReason[] =>
    isCritical && (status === 'down' || status === 'unknown') ? [{ component: name, reason: status }] : [],
  );
  const reasons: UnreadyReason[] = phase === 'serving' ? blockers : [{ reason: phase }, ...blockers];
  const checks = Object.fromEntries(components.map(({ name, status }) => [name, status]));
  return { isReady: reasons.length === 0, phase, reasons, checks };
}

/** The counts of a summary. */
export function summaryOf(components: readonly Judged[], phase: Phase): HealthSummary {
  const counts: Record<Status, number> = { unknown: 0, up: 0, degraded: 0, down: 0 };
  for (const { status } of components) counts[status] += 1;
  return { status: overallStatus(components), phase, components: counts };
}
