import type { AlertReport, ChannelStats, DeliveryReport, HealingEntry } from '@midgard/health';
import type { Registry } from '@midgard/metrics';
import type { AlertsConfig } from './alerts-schema.ts';
import type { EffectiveRule } from './effective-rules.ts';

const outcomes = ['delivered', 'failed', 'dropped'] as const satisfies readonly (keyof ChannelStats)[];
const states = ['pending', 'firing'] as const;

/** What {@link alertMetrics} counts. */
export interface AlertCounts {
  readonly delivered: (report: DeliveryReport) => void;
  readonly healed: (entry: HealingEntry) => void;
  /** Shows with each reading of the metrics which alerts there are. @returns ends it */
  readonly watch: (parts: { readonly list: () => readonly AlertReport[]; readonly isShedding: () => boolean }) => () => void;
}

/** Counts alerts by their state, messages by how they ended, and what was done to heal. */
export function alertMetrics(registry: Registry, rules: readonly EffectiveRule[], channels: AlertsConfig['channels']): AlertCounts {
  const alerts = registry.gauge({ name: 'midgard_alerts', help: 'Alerts that are pending or firing', labels: ['alertname', 'severity', 'state'] });
  const shedding = registry.gauge({ name: 'midgard_load_shedding', help: '1 while requests of little weight are refused', labels: [] }).labels({});
  const notifications = registry.counter({
    name: 'midgard_notifications_total',
    help: 'Messages about alerts by how they ended',
    labels: ['channel', 'outcome'],
  });
  const runs = registry.counter({ name: 'midgard_healing_runs_total', help: 'Actions that were run because of alerts', labels: ['action', 'outcome'] });
  // There from the start, so that the first failure is seen as a rise.
  for (const channel of Object.keys(channels)) for (const outcome of outcomes) notifications.labels({ channel, outcome }).add(0);
  return {
    delivered: ({ channel, outcome }) => notifications.labels({ channel, outcome }).add(),
    healed: ({ phase, kind, action, outcome }) => {
      if (phase === 'ended' && kind === 'run' && outcome !== undefined) runs.labels({ action, outcome }).add();
    },
    watch: ({ list, isShedding }) =>
      registry.onCollect(() => {
        shedding.set(Number(isShedding()));
        const counts = Map.groupBy(list(), ({ rule, state }) => `${rule} ${state}`);
        for (const { rule } of rules) {
          for (const state of states) {
            alerts.labels({ alertname: rule.name, severity: rule.severity, state }).set(counts.get(`${rule.name} ${state}`)?.length ?? 0);
          }
        }
      }),
  };
}
