import type { Alert } from './alert.ts';
import { commonOf, type Labels } from './labels.ts';

/** What a channel is to tell: the alerts of one group. */
export interface Notification {
  /** The channel that it is for. */
  readonly channel: string;
  /** `firing` while one of the alerts does. */
  readonly status: 'firing' | 'resolved';
  /** The same for all messages of a group. */
  readonly groupKey: string;
  /** What the group's alerts were put together by. */
  readonly groupLabels: Labels;
  readonly commonLabels: Labels;
  readonly commonAnnotations: Labels;
  /** Firing ones first; at most {@link maxAlerts}. */
  readonly alerts: readonly Alert[];
  /** How many more there are. */
  readonly truncatedAlerts: number;
  /** Sent to try a channel. */
  readonly isTest: boolean;
}

/** More would be cut by most chat services anyway, and nobody reads them. */
export const maxAlerts = 100;

/** What makes a notification, besides what follows from its alerts. */
export interface NotificationParts {
  readonly channel: string;
  readonly groupKey: string;
  readonly groupLabels: Labels;
  readonly alerts: readonly Alert[];
  readonly isTest?: boolean | undefined;
}

/** Makes one; firing alerts come first, then in the order of their start. */
export function notificationOf({ channel, groupKey, groupLabels, alerts, isTest = false }: NotificationParts): Notification {
  const sorted = alerts.toSorted((a, b) => rank(a) - rank(b) || a.activeAt - b.activeAt);
  return {
    channel,
    status: sorted.some(({ state }) => state === 'firing') ? 'firing' : 'resolved',
    groupKey,
    groupLabels,
    commonLabels: commonOf(sorted.map(({ labels }) => labels)),
    commonAnnotations: commonOf(sorted.map(({ annotations }) => annotations)),
    alerts: sorted.slice(0, maxAlerts),
    truncatedAlerts: Math.max(0, sorted.length - maxAlerts),
    isTest,
  };
}

function rank({ state }: Alert): number {
  return state === 'firing' ? 0 : 1;
}
