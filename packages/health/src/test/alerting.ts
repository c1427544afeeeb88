import type { AlertChange } from '../alerts/alert.ts';
import { Alerts, type AlertsOptions } from '../alerts/alerts.ts';
import type { MetricSource } from '../alerts/metric-source.ts';
import type { Notification } from '../alerts/notification.ts';
import type { AlertRuleInput } from '../alerts/rule.ts';
import { FakeTime } from './fake-time.ts';

/** Milliseconds. */
export const second = 1000;
/** Milliseconds. */
export const minute = 60 * second;
/** Fires at once where `lag` is above 0. */
export const rule: AlertRuleInput = { name: 'Lag', metric: 'lag', comparison: '>', value: 0, summary: '{{labels.db}}: {{value}}' };
/** Everything goes to `ops`. */
export const route = { channels: ['ops'], groupWaitMs: 30 * second, groupIntervalMs: 5 * minute, repeatIntervalMs: 60 * minute };

/** Metrics that a test sets: the values of `lag` by database. */
class Levels implements MetricSource {
  values: Record<string, number> = {};
  isBroken = false;

  snapshot() {
    if (this.isBroken) throw Object.assign(new Error('secret'), { code: 'ECONNREFUSED' });
    const samples = Object.entries(this.values).map(([db, value]) => ({ labels: { db }, value }));
    return { read: (metric: string) => (metric === 'lag' ? samples : []) };
  }
}

/** Alerts on a fake clock over levels that a test sets, and all that they tell. */
export function setUp(options: Partial<AlertsOptions> = {}) {
  const time = new FakeTime();
  const source = new Levels();
  const sent: { readonly at: number; readonly notification: Notification }[] = [];
  const changes: AlertChange[] = [];
  const world = { isTaking: true };
  const start = time.now();
  const send = async (notification: Notification) => {
    sent.push({ at: time.now() - start, notification });
    return world.isTaking;
  };
  const changed = (change: AlertChange) => void changes.push(change);
  const alerts = new Alerts({ rules: [rule], routes: [route], source, send, changed, intervalMs: 10 * second, clock: time, timers: time, ...options });
  const told = () =>
    sent.map(({ at, notification: { status, alerts: each } }) => [at / second, status, each.map(({ labels, state }) => `${labels['db']} ${state}`).join(', ')]);
  return { time, source, sent, changes, alerts, world, told };
}
