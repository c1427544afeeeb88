import type { Database } from '@midgard/dao';
import type { Operation } from '@midgard/game-kit';
import { Alerts, type HealingEntry, SelfHealing } from '@midgard/health';
import type { Logger } from '@midgard/logging';
import type { Registry } from '@midgard/metrics';
import type { ServiceAudit } from '../audit/service-audit.ts';
import type { Seat } from '../processes/seat.ts';
import type { ServiceRun } from '../service/service-operations.ts';
import { alertLog } from './alert-log.ts';
import { alertMetrics } from './alert-metrics.ts';
import { forwardAlerts, runAlertJob } from './alert-jobs.ts';
import { alertOperations } from './alert-operations.ts';
import type { AlertsConfig } from './alerts-schema.ts';
import { effectiveRoutes } from './effective-routes.ts';
import { effectiveRules } from './effective-rules.ts';
import { type HealingParts, healingActions } from './healing-actions.ts';
import { LoadShedding } from './load-shedding.ts';
import { openChannels } from './open-channels.ts';
import { RegistrySource } from './registry-source.ts';

/** What {@link openAlerts} works with. */
export interface AlertingParts extends Omit<HealingParts, 'shedding'> {
  readonly config: { readonly alerts: AlertsConfig };
  readonly registry: Registry;
  readonly log: Logger;
  readonly audit: ServiceAudit;
  /** Of the service itself, with its audit log. */
  readonly serviceDatabase: Database;
  /** Among several workers: the one with the jobs looks at the numbers of all; undefined: the process serves alone. */
  readonly seat?: Pick<Seat, 'hasJobs' | 'whole' | 'askFirst' | 'shed'> | undefined;
}

/** The alerts of the service. */
export interface Alerting extends Disposable {
  /** Refuses requests while an action wants it. */
  readonly shedding: LoadShedding;
  /** What operators can ask. */
  readonly operations: readonly (readonly [Operation, ServiceRun])[];
  /** Looks from now on; to be called once the service is up, so that its start is no alert. */
  start(): void;
  /** Does what another worker was asked about the alerts. */
  job(job: unknown): Promise<unknown>;
}

/** An outcome in the audit log: the code of an internal error. */
const failedOutcome = 1000;

/** Joins rules, channels and actions of the configuration with the metrics of this instance. With `alerts.enabled: false` there is nothing. */
export async function openAlerts(given: AlertingParts): Promise<Alerting> {
  const { config, registry, log, audit, serviceDatabase, seat } = given;
  // Of several workers the one with the jobs decides for all.
  const shedding = new LoadShedding(seat?.hasJobs === true ? (isOn) => seat.shed(isOn) : undefined);
  const nothing = { shedding, start: () => undefined, job: () => Promise.resolve(null), [Symbol.dispose]: () => undefined };
  if (!config.alerts.enabled) return { ...nothing, operations: [] };
  if (seat?.hasJobs === false) return { ...nothing, operations: forwardAlerts(seat) };
  using parts = new DisposableStack();
  const { intervalMs, inhibitions, channels: settings } = config.alerts;
  const rules = effectiveRules(config.alerts);
  const lines = alertLog(log);
  const counts = alertMetrics(registry, rules, settings);
  const healing = openHealing({ ...given, shedding }, { heard: both(lines.healed, counts.healed), ...lines });
  parts.defer(() => healing.stop());
  const channels = await openChannels(settings, { ended: both(lines.delivered, counts.delivered) });
  parts.defer(() => channels.close());
  const alerts = new Alerts({
    rules: rules.map(({ rule }) => rule),
    source: parts.use(new RegistrySource(seat?.whole ?? registry)),
    routes: effectiveRoutes(config.alerts),
    inhibitions,
    intervalMs,
    send: channels.send,
    failed: lines.unread,
    changed: both(lines.changed, (change) => healing.observe(change)),
  });
  parts.defer(() => alerts.stop());
  parts.defer(counts.watch({ list: () => alerts.list(), isShedding: () => shedding.isOn }));
  const owned = parts.move();
  const operations = alertOperations({ alerts, audit, database: serviceDatabase });
  return {
    shedding,
    operations,
    job: (job) => runAlertJob(operations, job),
    start: () => alerts.start(),
    [Symbol.dispose]: () => owned.dispose(),
  };
}

function both<T>(first: (heard: T) => void, second: (heard: T) => void): (heard: T) => void {
  return (heard) => {
    first(heard);
    second(heard);
  };
}

interface HealingListener extends Pick<ReturnType<typeof alertLog>, 'skipped' | 'unaudited'> {
  readonly heard: (entry: HealingEntry) => void;
}

function openHealing(
  { config, audit, serviceDatabase, log, ...parts }: AlertingParts & HealingParts,
  { heard, skipped, unaudited }: HealingListener,
): SelfHealing {
  const healing = new SelfHealing({
    bindings: config.alerts.healing,
    audit: async (entry) => {
      heard(entry);
      const { kind, action, ...changes } = entry;
      const isFailed = entry.phase === 'ended' && entry.outcome !== 'succeeded';
      await audit.note(serviceDatabase, { operation: `healing.${kind}`, entity: 'action', subject: action, outcome: isFailed ? failedOutcome : 0, changes });
    },
    auditFailed: unaudited,
    skipped,
  });
  for (const action of healingActions({ ...parts, log })) healing.register(action);
  for (const action of healing.missing) log.warn({ action }, 'nothing will be done by this action: without cache.redis.url there is no breaker to open');
  return healing;
}
