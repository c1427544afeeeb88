import { type StatementEvent, type StatementListener, normalizedStatement } from '@midgard/dao';
import type { Logger } from '@midgard/logging';
import type { HistogramHandle, Registry } from '@midgard/metrics';
import { currentRequest } from '@midgard/server';
import { statementParts } from './database-spans.ts';
import { recordedSpan } from '../tracing/recorded-span.ts';

/** From a row by its key on the same machine to a report that takes its time. */
const statementBuckets = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** What is said of one game's statements. */
export interface StatementWatch {
  readonly game: string;
  /** What the database is called in spans: `sqlite`, `mysql`, `oracle.db`. */
  readonly system: string;
  /** Statements that take longer are logged; 0 logs none. */
  readonly slowQueryMs: number;
}

/**
 * Measures the statements of databases, and logs the slow ones: their text has placeholders and no values.
 *
 * @returns what makes the listener of one game
 */
export function statementMetrics(registry: Registry, log: Logger): (watch: StatementWatch) => StatementListener {
  const seconds = registry.histogram({
    name: 'midgard_database_statement_seconds',
    help: "Time of a statement, by entity ('' for hand-written ones) and kind",
    labels: ['game', 'entity', 'kind'],
    buckets: statementBuckets,
  });
  const slow = registry.counter({
    name: 'midgard_database_slow_statements_total',
    help: 'Statements above slowQueryMs, which are in the log',
    labels: ['game'],
  });
  return ({ game, system, slowQueryMs }) => {
    const slowOnes = slow.labels({ game });
    const partOf = statementParts(system);
    const logOfGame = log.child({ game });
    const known = new Map<string, Map<string, HistogramHandle>>();
    const handleOf = ({ entity = '', kind }: StatementEvent): HistogramHandle => {
      const ofEntity = known.get(entity) ?? new Map<string, HistogramHandle>();
      const handle = seconds.labels({ game, entity, kind });
      known.set(entity, ofEntity.set(kind, handle));
      return handle;
    };
    // For each statement two look-ups and array writes.
    return (event) => {
      const handle = known.get(event.entity ?? '')?.get(event.kind) ?? handleOf(event);
      handle.observe(event.durationMs / 1000);
      currentRequest()?.add('database', event.durationMs);
      recordedSpan()?.note(partOf(event));
      if (slowQueryMs === 0 || event.durationMs <= slowQueryMs) return;
      slowOnes.add();
      const { entity, kind, text, rows, durationMs, waitMs } = event;
      logOfGame.warn(
        { entity, kind, statement: normalizedStatement(text), rows, durationMs: rounded(durationMs), poolWaitMs: rounded(waitMs) },
        'slow statement',
      );
    };
  };
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
