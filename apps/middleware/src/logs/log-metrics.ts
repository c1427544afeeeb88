import type { LogTroubleReason, LineListener } from '@midgard/logging';
import type { Registry } from '@midgard/metrics';

/** What {@link logMetrics} counts. */
export interface LogCounts {
  readonly onLine: LineListener;
  readonly onDropped: (lines: number, reason: LogTroubleReason) => void;
}

/** Counts the lines of the log, and those that nobody will ever read. */
export function logMetrics(registry: Registry): LogCounts {
  const lines = registry.counter({ name: 'midgard_log_lines_total', help: 'Lines of the log', labels: ['stream', 'level'] });
  const dropped = registry.counter({
    name: 'midgard_log_dropped_total',
    help: 'Lines that are lost because the disk was full, the thread that writes them dead, or it or the reader of standard output too slow',
    labels: ['reason'],
  });
  // There from the start, so that the first loss is seen as a rise.
  for (const reason of ['disk', 'thread', 'slow'] as const) dropped.labels({ reason }).add(0);
  return {
    onLine: (stream, level) => lines.labels({ stream, level }).add(1),
    onDropped: (count, reason) => dropped.labels({ reason }).add(count),
  };
}
