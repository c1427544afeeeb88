import type { Logger } from '@midgard/logging';
import type { Registry } from '@midgard/metrics';
import type { RequestTracing, SpanPart } from '@midgard/server';
import type { Config } from '../config-schema.ts';
import { version } from '../version.ts';
import { RequestTracer } from './request-tracer.ts';
import { ratioSampler } from './sampler.ts';
import { SecondBudget } from './second-budget.ts';
import { traceMetrics } from './trace-metrics.ts';

/** What {@link openTracing} needs. */
export interface TracingParts {
  readonly config: Pick<Config, 'tracing' | 'instance'>;
  readonly registry: Registry;
  readonly log: Logger;
}

/** Tells of work that was done for no single request. */
export type NoteWork = (part: SpanPart) => void;

/** Spans of this service on their way to a collector. */
export interface Tracing {
  readonly requests: RequestTracing;
  readonly note: NoteWork;
  /** Sends what waits. @param graceMs milliseconds; what is not sent by then is lost */
  stop(graceMs: number): Promise<void>;
}

/** @returns undefined where it is off: OpenTelemetry is not even loaded then */
export async function openTracing({ config, registry, log }: TracingParts): Promise<Tracing | undefined> {
  const { tracing, instance } = config;
  if (!tracing.enabled) return undefined;
  const { OtlpSink, randomIds } = await import('./otlp/otlp-sink.ts');
  const metrics = traceMetrics(registry);
  const { host } = new URL(tracing.endpoint);
  const sink = new OtlpSink({
    ...tracing,
    version,
    instance,
    metrics,
    changed: (reason) => {
      if (reason === undefined) log.info({ collector: host }, 'the collector takes spans again');
      else log.warn({ collector: host, reason }, 'the collector takes no spans: they are dropped, requests are not held up');
    },
  });
  const budget = new SecondBudget(tracing.maxUnsampledPerSecond);
  const requests = new RequestTracer({
    sink,
    ids: randomIds(),
    isSampled: ratioSampler(tracing.sampleRatio),
    trustCallers: tracing.trustCallers,
    slowMs: tracing.slowMs,
    mayKeep: () => budget.take(),
    dropped: () => metrics.dropped('limit', 1),
  });
  return {
    requests,
    note: (part) => requests.note(part),
    stop: async (graceMs) => {
      const left = await sink.stop(graceMs);
      if (left > 0) log.warn({ collector: host, spans: left }, 'spans were not sent before the end');
    },
  };
}
