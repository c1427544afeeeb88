import type { Registry } from '@midgard/metrics';

/**
 * Why a span was not sent: the queue was full, the collector did not take it (in time), it took the export without some spans, or there were
 * too many of what is told of without having been chosen.
 */
export type DropReason = 'queue_full' | 'export_failed' | 'rejected' | 'limit';

/** What becomes of spans. */
export interface TraceMetrics {
  exported(spans: number): void;
  dropped(reason: DropReason, spans: number): void;
  /** To be called with each reading. */
  watchQueue(waiting: () => number): void;
}

/** Counts what becomes of spans. */
export function traceMetrics(registry: Registry): TraceMetrics {
  const exported = registry.counter({ name: 'midgard_trace_spans_total', help: 'Spans that the collector took' }).labels({});
  const dropped = registry.counter({ name: 'midgard_trace_spans_dropped_total', help: 'Spans that were not sent, by the reason', labels: ['reason'] });
  const waiting = registry.gauge({ name: 'midgard_trace_spans_waiting', help: 'Spans that wait for the collector, or are on their way' }).labels({});
  return {
    exported: (spans) => exported.add(spans),
    dropped: (reason, spans) => dropped.labels({ reason }).add(spans),
    watchQueue: (count) => void registry.onCollect(() => waiting.set(count())),
  };
}
