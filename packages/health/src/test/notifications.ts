import { type Alert, newAlert } from '../alerts/alert.ts';
import type { Labels } from '../alerts/labels.ts';
import { type Notification, notificationOf } from '../alerts/notification.ts';
import { alertRuleSchema } from '../alerts/schema.ts';

/** When everything in these notifications began: 2023-11-14T22:13:20Z. */
export const startedAt = 1_700_000_000_000;

/** An alert of a rule named ReplicaLag that fires. */
export function firingAlert(labels: Labels = { db: 'realm' }, more: Partial<Alert> = {}): Alert {
  const rule = alertRuleSchema.parse({
    name: 'ReplicaLag',
    metric: 'lag',
    comparison: '>',
    value: 5,
    severity: 'critical',
    summary: '{{labels.db}} is {{value}} s behind',
  });
  return { ...newAlert(rule, { labels, value: 12.5 }, startedAt), state: 'firing', firedAt: startedAt + 60_000, ...more };
}

/** The same, over after two minutes. */
export function resolvedAlert(labels?: Labels): Alert {
  return firingAlert(labels, { state: 'resolved', resolvedAt: startedAt + 120_000 });
}

/** What a channel named `ops` is to tell. */
export function notification(...alerts: Alert[]): Notification {
  return notificationOf({ channel: 'ops', groupKey: '0:[["alertname","ReplicaLag"]]', groupLabels: { alertname: 'ReplicaLag' }, alerts });
}
