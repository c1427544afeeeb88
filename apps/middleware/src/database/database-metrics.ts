import type { DaoListener } from '@midgard/dao';
import type { Logger } from '@midgard/logging';
import type { Registry } from '@midgard/metrics';
import { currentRequest } from '@midgard/server';
import { recordedSpan } from '../tracing/recorded-span.ts';
import { connectionMetrics } from './connection-metrics.ts';
import { type StatementWatch, statementMetrics } from './statement-metrics.ts';

/** Commits take from tens of microseconds, in memory, to seconds on a bad day. */
const commitBuckets = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/**
 * Metrics of the games' databases: commits and statements of all, connections where the database is a server.
 *
 * @returns what makes the listener of one game's database
 */
export function databaseMetrics(registry: Registry, log: Logger): (watch: StatementWatch) => DaoListener {
  const labels = ['game'] as const;
  const transactions = registry.counter({ name: 'midgard_database_transactions_total', help: 'Transactions that were committed', labels });
  const commits = registry.histogram({
    name: 'midgard_database_commit_seconds',
    help: 'Time of a commit, which on SQLite may hold several transactions',
    labels,
    buckets: commitBuckets,
  });
  const retries = registry.counter({
    name: 'midgard_database_retries_total',
    help: 'Attempts of transactions that others were in the way of, or that lost their connection, by the code of the error',
    labels: ['game', 'code'],
  });
  const statements = statementMetrics(registry, log);
  const connections = connectionMetrics(registry, log);
  return (watch) => {
    const { game, system } = watch;
    const transactionsOfGame = transactions.labels({ game });
    const ofCommit = { 'db.system.name': system, 'db.operation.name': 'commit' };
    const commitsOfGame = commits.labels({ game });
    return {
      committed: ({ transactions: count, durationMs }) => {
        transactionsOfGame.add(count);
        commitsOfGame.observe(durationMs / 1000);
      },
      acknowledged: ({ commitMs }) => {
        currentRequest()?.add('database', commitMs);
        recordedSpan()?.note({ name: 'commit', kind: 'client', durationMs: commitMs, attributes: ofCommit });
      },
      retried: ({ code }) => retries.labels({ game, code }).add(),
      statement: statements(watch),
      connections: connections(game),
    };
  };
}
