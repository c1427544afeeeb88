import { type HrTime, type Link, type SpanContext, SpanKind, type SpanStatus, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { hrTimeDuration, type InstrumentationScope, millisToHrTime } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace';
import type { SpanRecord } from '../span-record.ts';

/** What all spans of a process have. */
export interface SpanOrigin {
  readonly resource: Resource;
  readonly instrumentationScope: InstrumentationScope;
}

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL } as const;
const unset: SpanStatus = { code: SpanStatusCode.UNSET };
/** Without a message, which might quote what a client wrote: the code stands in `error.type`. */
const failed: SpanStatus = { code: SpanStatusCode.ERROR };

/**
 * A span as OpenTelemetry's processors and exporters take it. Ours are made when they are over, with both of their times and the id that
 * their children have used already; the tracer of the SDK makes them at their start, with ids of its own.
 */
export class FinishedSpan implements ReadableSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly parentSpanContext?: SpanContext;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly status: SpanStatus;
  readonly attributes: ReadableSpan['attributes'];
  readonly links: Link[];
  readonly events: TimedEvent[] = [];
  readonly ended = true;
  readonly droppedAttributesCount = 0;
  readonly droppedEventsCount = 0;
  readonly droppedLinksCount = 0;
  readonly resource: Resource;
  readonly instrumentationScope: InstrumentationScope;
  readonly #context: SpanContext;

  /** @param epochOf milliseconds since 1970 of a moment of `performance.now()` */
  constructor(record: SpanRecord, { resource, instrumentationScope }: SpanOrigin, epochOf: (moment: number) => number) {
    const { traceId, spanId, parent, name, kind, startedAt, endedAt, attributes, error, link } = record;
    const traceFlags = TraceFlags.SAMPLED;
    this.#context = { traceId, spanId, traceFlags };
    if (parent !== undefined) this.parentSpanContext = { traceId, spanId: parent.spanId, isRemote: parent.isRemote, traceFlags };
    this.name = name;
    this.kind = kinds[kind];
    this.startTime = millisToHrTime(epochOf(startedAt));
    this.endTime = millisToHrTime(epochOf(endedAt));
    this.status = error === undefined ? unset : failed;
    this.attributes = attributes;
    this.links = link === undefined ? [] : [{ context: { traceId: link.traceId, spanId: link.spanId, traceFlags: link.flags, isRemote: true } }];
    this.resource = resource;
    this.instrumentationScope = instrumentationScope;
  }

  /** From its start to its end. */
  get duration(): HrTime {
    return hrTimeDuration(this.startTime, this.endTime);
  }

  /** Where it stands. */
  spanContext(): SpanContext {
    return this.#context;
  }
}
