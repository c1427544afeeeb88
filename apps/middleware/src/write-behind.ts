import path from 'node:path';
import type { GameHandler, GameRuntime, RuntimeListener, WriteBehindFigures } from '@midgard/game-kit';
import type { Logger } from '@midgard/logging';
import type { Registry } from '@midgard/metrics';
import { DurableLog } from '@midgard/queue';
import type { Config } from './config-schema.ts';
import type { NoteWork } from './tracing/open-tracing.ts';

/** Syncs take from tens of microseconds, on a disk with a battery, to seconds on a bad day. */
const commitBuckets = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** What the durable log of one game reports to. */
export interface LogMetrics {
  committed(records: number, bytes: number, seconds: number): void;
  failed(): void;
}

/** Metrics of the durable logs' commits. @returns what makes those of one game, at zero from the start: an alert is to see the first failure rise */
export function durableLogMetrics(registry: Registry): (game: string) => LogMetrics {
  const labels = ['game'] as const;
  const records = registry.counter({ name: 'midgard_durable_log_records_total', help: 'Records that reached the disk', labels });
  const bytes = registry.counter({ name: 'midgard_durable_log_bytes_total', help: 'Bytes that reached the disk', labels });
  const failures = registry.counter({ name: 'midgard_durable_log_failures_total', help: 'Commits that the disk refused; their writers were told', labels });
  const seconds = registry.histogram({ name: 'midgard_durable_log_commit_seconds', help: 'Time of one write and its sync', labels, buckets: commitBuckets });
  return (game) => {
    const recordsOfGame = records.labels({ game });
    const bytesOfGame = bytes.labels({ game });
    const secondsOfGame = seconds.labels({ game });
    const failuresOfGame = failures.labels({ game });
    return {
      committed: (count, size, duration) => {
        recordsOfGame.add(count);
        bytesOfGame.add(size);
        secondsOfGame.observe(duration);
      },
      failed: () => failuresOfGame.add(),
    };
  };
}

/** What {@link openWriteLog} needs besides the game. */
interface OpenParts {
  readonly config: Config;
  readonly log: Logger;
  readonly metricsOf: (game: string) => LogMetrics;
  /** Follows the commits; default: nobody. */
  readonly note?: NoteWork | undefined;
}

/**
 * Opens the durable log of a game on this instance.
 *
 * @returns undefined where the game writes nothing behind, or the configuration has it off
 * @throws {QueueError} the log is damaged, or another process has it open
 */
export async function openWriteLog({ manifest, operations }: GameHandler, { config, log, metricsOf, note }: OpenParts): Promise<DurableLog | undefined> {
  const { enabled, segmentBytes, maxDiskBytes } = config.writeBehind;
  if (!enabled || !operations.some(({ isWriteBehind }) => isWriteBehind)) return undefined;
  const game = manifest.id;
  const metrics = metricsOf(game);
  const opened = await DurableLog.open({
    directory: path.join(config.dataDir, 'write-behind', `${game}-${config.instance}`),
    segmentBytes,
    maxDiskBytes,
    listener: {
      committed: ({ records, bytes, durationMs }) => {
        metrics.committed(records, bytes, durationMs / 1000);
        note?.({ name: 'commit durable log', kind: 'internal', durationMs, attributes: { 'midgard.game': game, 'midgard.records': records } });
      },
      failed: (error) => {
        metrics.failed();
        log.error({ err: error, game }, 'the durable log could not be written');
      },
    },
  });
  if (opened.cut !== undefined)
    log.warn({ game, cut: opened.cut }, 'the end of the durable log was not whole, as after a crash, and was cut off: nothing of it had been acknowledged');
  return opened;
}

/** Tells of the batches that a game's acknowledged writes are made in. */
export function writeBehindSpans(game: string, note: NoteWork): RuntimeListener {
  return {
    flushed: ({ writes, rows, durationMs }) =>
      note({ name: 'flush writes', kind: 'internal', durationMs, attributes: { 'midgard.game': game, 'midgard.writes': writes, 'midgard.rows': rows } }),
  };
}

/** Reports how far the databases are behind the acknowledgements. */
export function writeBehindMetrics(registry: Registry, runtimes: readonly GameRuntime[]): void {
  const labels = ['game'] as const;
  const gauge = (name: string, help: string) => registry.gauge({ name, help, labels });
  const depth = gauge('midgard_write_behind_depth', 'Acknowledged writes that are not in the database yet');
  const age = gauge('midgard_write_behind_age_seconds', 'How long the oldest of them has waited');
  const totals = totalFigures.map(([figure, help]) => ({ figure, counter: registry.counter({ name: `midgard_write_behind_${figure}_total`, help, labels }) }));
  registry.onCollect(() => {
    for (const runtime of runtimes) {
      const figures = runtime.writeBehindFigures();
      if (figures === undefined) continue;
      const game = runtime.handler.manifest.id;
      depth.labels({ game }).set(figures.depth);
      age.labels({ game }).set(figures.oldestMs / 1000);
      for (const { figure, counter } of totals) counter.labels({ game }).riseTo(figures[figure]);
    }
  });
}

/** The figures that only grow, by their names in the runtime. */
const totalFigures = [
  ['writes', 'Acknowledged writes that were made in the database'],
  ['rows', 'Rows that they took: fewer than changes, where several changed one key'],
  ['changes', 'Changes before they were joined'],
  ['outdated', 'Saves that met a newer row, which stayed'],
  ['dead', 'Writes that the database refused for good; they are in dead_write'],
  ['retries', 'Batches that had to be tried again'],
] as const satisfies readonly (readonly [keyof WriteBehindFigures, string])[];
