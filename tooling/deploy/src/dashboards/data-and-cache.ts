import type { Board } from '../panel.ts';
import { mean, ofGame, quantile, rate, total } from '../panel.ts';

const serverOnly = 'only a database on a server has connections: the embedded one has none';
const replicaOnly = 'only where there are replicas';
const trouble = 'only after something went wrong';
const sharedOnly = 'only with a Redis';

/** Databases, caches, write-behind: what is behind the handlers. */
export const dataAndCache: Board = {
  uid: 'midgard-data-and-cache',
  title: 'Midgard / Data and cache',
  description: 'Databases, their pools and replicas; the two cache tiers; writes that are acknowledged and not yet made.',
  rows: [
    {
      title: 'Statements',
      panels: [
        {
          title: 'Rate',
          description: 'By kind.',
          unit: 'ops',
          queries: [{ expr: rate('midgard_database_statement_seconds_count', ['game', 'kind'], ofGame), legend: '{{game}} {{kind}}' }],
        },
        {
          title: 'P99',
          description: 'By kind; the log has the slow ones.',
          unit: 's',
          queries: [{ expr: quantile(0.99, 'midgard_database_statement_seconds', ['game', 'kind'], ofGame), legend: '{{game}} {{kind}}' }],
        },
        {
          title: 'Busiest entities',
          description: 'Seconds of database time a second.',
          unit: 'short',
          queries: [{ expr: `topk(10, ${rate('midgard_database_statement_seconds_sum', ['game', 'entity'], ofGame)})`, legend: '{{game}} {{entity}}' }],
        },
        {
          title: 'Commits',
          description: 'On SQLite one commit makes several transactions durable.',
          unit: 'ops',
          queries: [
            { expr: rate('midgard_database_transactions_total', ['game'], ofGame), legend: 'transactions {{game}}' },
            { expr: rate('midgard_database_commit_seconds_count', ['game'], ofGame), legend: 'commits {{game}}' },
          ],
        },
        {
          title: 'Time of a commit',
          description: 'P99: the disk, mostly.',
          unit: 's',
          queries: [{ expr: quantile(0.99, 'midgard_database_commit_seconds', ['game'], ofGame), legend: '{{game}}' }],
        },
        {
          title: 'Slow statements and retries',
          description: 'Retries: transactions that others were in the way of, or that lost their connection.',
          unit: 'ops',
          queries: [
            { expr: rate('midgard_database_slow_statements_total', ['game'], ofGame), legend: 'slow {{game}}' },
            { expr: rate('midgard_database_retries_total', ['game', 'code'], ofGame), legend: '{{code}} {{game}}', mayBeEmpty: trouble },
          ],
        },
      ],
    },
    {
      title: 'Pools and replicas',
      panels: [
        {
          title: 'Connections',
          description: 'By what they do; all borrowed and callers waiting: the pool is too small, or the database too slow.',
          unit: 'short',
          queries: [
            {
              expr: total('midgard_database_connections', ['game', 'server', 'state'], ofGame),
              legend: '{{game}} {{server}} {{state}}',
              mayBeEmpty: serverOnly,
            },
          ],
        },
        {
          title: 'Waiting callers',
          description: 'Should be 0.',
          unit: 'short',
          queries: [{ expr: total('midgard_database_waiting', ['game', 'server'], ofGame), legend: '{{game}} {{server}}', mayBeEmpty: serverOnly }],
        },
        {
          title: 'Wait for a connection',
          description: 'P99.',
          unit: 's',
          queries: [
            { expr: quantile(0.99, 'midgard_database_wait_seconds', ['game', 'server'], ofGame), legend: '{{game}} {{server}}', mayBeEmpty: serverOnly },
          ],
        },
        {
          title: 'Open breakers',
          description: '1: a server does not answer and gets no work.',
          unit: 'short',
          queries: [
            { expr: total('midgard_database_breaker', ['game', 'server'], `state="open",${ofGame}`), legend: '{{game}} {{server}}', mayBeEmpty: serverOnly },
          ],
        },
        {
          title: 'Replica lag',
          description: 'A replica that is too far behind is not read from.',
          unit: 's',
          queries: [
            {
              expr: `max by (game, server) (midgard_database_replica_lag_seconds{instance=~"$instance",${ofGame}})`,
              legend: '{{game}} {{server}}',
              mayBeEmpty: replicaOnly,
            },
          ],
        },
        {
          title: 'Failovers and fallbacks',
          description: 'Writes that went to a standby, reads that went to the primary.',
          unit: 'ops',
          queries: [
            { expr: rate('midgard_database_failovers_total', ['game'], ofGame), legend: 'failover {{game}}', mayBeEmpty: trouble },
            { expr: rate('midgard_database_replica_fallbacks_total', ['game', 'reason'], ofGame), legend: '{{reason}} {{game}}', mayBeEmpty: replicaOnly },
          ],
        },
      ],
    },
    {
      title: 'Cache',
      panels: [
        {
          title: 'Hit rate',
          description: 'Share of cached reads that no load was needed for. Below 80 %: look at sizes and evictions.',
          unit: 'percentunit',
          queries: [
            {
              expr: `1 - (${rate('midgard_cache_answers_total', ['game', 'entity'], `source="loader",${ofGame}`)}) / (${rate('midgard_cache_answers_total', ['game', 'entity'], ofGame)})`,
              legend: '{{game}} {{entity}}',
            },
          ],
        },
        {
          title: 'Answers by source',
          description: 'memory, shared (Redis), loader (database), stale.',
          unit: 'ops',
          queries: [{ expr: rate('midgard_cache_answers_total', ['source'], ofGame), legend: '{{source}}' }],
        },
        {
          title: 'Entries',
          description: 'In memory.',
          unit: 'short',
          queries: [{ expr: total('midgard_cache_entries', ['game', 'entity'], ofGame), legend: '{{game}} {{entity}}' }],
        },
        {
          title: 'Bytes',
          description: 'In memory, about.',
          unit: 'bytes',
          queries: [{ expr: total('midgard_cache_bytes', ['game', 'entity'], ofGame), legend: '{{game}} {{entity}}' }],
        },
        {
          title: 'Evictions',
          description: 'For want of room or of time.',
          unit: 'ops',
          queries: [{ expr: rate('midgard_cache_evictions_total', ['game', 'entity'], ofGame), legend: '{{game}} {{entity}}' }],
        },
        {
          title: 'Loads',
          description: 'Mean time of a load.',
          unit: 's',
          queries: [{ expr: mean('midgard_cache_load_seconds', ['game', 'entity'], ofGame), legend: '{{game}} {{entity}}' }],
        },
        {
          title: 'Shared tier',
          description: 'P99 of a question to Redis.',
          unit: 's',
          queries: [{ expr: quantile(0.99, 'midgard_cache_tier_seconds', ['game', 'entity'], ofGame), legend: '{{game}} {{entity}}', mayBeEmpty: sharedOnly }],
        },
        {
          title: 'Joined',
          description: '0: Redis is away, and each instance caches for itself and for a short time.',
          unit: 'none',
          queries: [{ expr: total('midgard_cache_joined', ['instance']), legend: '{{instance}}', mayBeEmpty: sharedOnly }],
        },
        {
          title: 'Failures',
          description: 'Loads that failed, questions to the shared tier that were got round, values that cannot be read.',
          unit: 'ops',
          queries: ['load_failures', 'tier_failures', 'unreadable'].map((name) => ({ expr: rate(`midgard_cache_${name}_total`, [], ofGame), legend: name })),
        },
      ],
    },
    {
      title: 'Write-behind',
      panels: [
        {
          title: 'Waiting writes',
          description: 'Acknowledged, durable, and not yet in the database.',
          unit: 'short',
          queries: [{ expr: total('midgard_write_behind_depth', ['game'], ofGame), legend: '{{game}}' }],
        },
        {
          title: 'Oldest',
          description: 'More than some seconds: the database does not keep up.',
          unit: 's',
          queries: [{ expr: total('midgard_write_behind_age_seconds', ['game'], ofGame), legend: '{{game}}' }],
        },
        {
          title: 'Made',
          description: 'Writes, and the rows that they took.',
          unit: 'ops',
          queries: [
            { expr: rate('midgard_write_behind_writes_total', ['game'], ofGame), legend: 'writes {{game}}' },
            { expr: rate('midgard_write_behind_rows_total', ['game'], ofGame), legend: 'rows {{game}}' },
          ],
        },
        {
          title: 'Durable log',
          description: 'P99 of a write and its sync.',
          unit: 's',
          queries: [{ expr: quantile(0.99, 'midgard_durable_log_commit_seconds', ['game'], ofGame), legend: '{{game}}' }],
        },
        {
          title: 'Log bytes',
          description: 'That reached the disk.',
          unit: 'Bps',
          queries: [{ expr: rate('midgard_durable_log_bytes_total', ['game'], ofGame), legend: '{{game}}' }],
        },
        {
          title: 'Dead and outdated',
          description: 'Dead: refused by the database for good, they are in dead_write.',
          unit: 'ops',
          queries: [
            { expr: rate('midgard_write_behind_dead_total', ['game'], ofGame), legend: 'dead {{game}}' },
            { expr: rate('midgard_write_behind_outdated_total', ['game'], ofGame), legend: 'outdated {{game}}' },
          ],
        },
      ],
    },
  ],
};
