import type { AlertRule, AlertRuleInput } from '@midgard/health';
import { alertRulesSchema } from '@midgard/health';

const minuteMs = 60_000;

/** What can go wrong in every instance. Named, and bounded, as the rules for Prometheus in tooling/deploy, so that one page tells what to do about both. */
const inputs: readonly AlertRuleInput[] = [
  {
    name: 'MidgardLedgerImbalance',
    metric: 'midgard_ledger_imbalance',
    comparison: '!=',
    value: 0,
    severity: 'critical',
    summary: 'The ledgers of {{labels.game}} do not balance',
    description:
      '{{value}} rules of the ledgers do not hold: money or items appeared or vanished. Run midgard doctor --ledger; stop trading until it is understood.',
  },
  databaseAway('MidgardDatabaseAway', 'primary', 'critical'),
  databaseAway('MidgardStandbyAway', 'standby', 'critical'),
  databaseAway('MidgardReplicaAway', 'replica', 'warning'),
  {
    name: 'MidgardCacheAway',
    metric: 'midgard_cache_joined',
    comparison: '==',
    value: 0,
    forMs: 2 * minuteMs,
    summary: 'Redis cannot be reached',
    description: 'This instance caches for itself, for a short time: the databases carry more.',
  },
  {
    name: 'MidgardWriteBehindStuck',
    metric: 'midgard_write_behind_age_seconds',
    reduce: 'max',
    by: ['game'],
    comparison: '>',
    value: 60,
    forMs: 2 * minuteMs,
    severity: 'critical',
    summary: 'Acknowledged writes of {{labels.game}} have waited for {{value}} s',
    description: 'They are durable, and not in the database: it is away, or does not keep up.',
  },
  {
    name: 'MidgardEventLoopLags',
    metric: 'nodejs_eventloop_lag_p99_seconds',
    comparison: '>',
    value: 0.1,
    forMs: 5 * minuteMs,
    summary: 'The event loop is {{value}} s late',
    description: 'Everybody waits. Set profiling.blockedMs, or take a CPU profile.',
  },
  {
    name: 'MidgardHeapNearLimit',
    metric: 'midgard_heap_used_ratio',
    comparison: '>',
    value: 0.85,
    forMs: 5 * minuteMs,
    severity: 'critical',
    summary: 'The heap is near its limit: {{value}} of it is used',
    description: 'The process dies at 1. Take a heap snapshot and restart it.',
  },
];

function databaseAway(name: string, role: string, severity: 'warning' | 'critical'): AlertRuleInput {
  return {
    name,
    metric: 'midgard_database_breaker',
    labels: { state: 'open', role },
    comparison: '==',
    value: 1,
    forMs: minuteMs,
    severity,
    summary: `The ${role} {{labels.server}} of {{labels.game}} does not answer`,
    description: 'It gets no work until it does.',
  };
}

/** The rules that there are without any in the configuration. */
export const builtInRules: readonly AlertRule[] = alertRulesSchema.parse(inputs);
