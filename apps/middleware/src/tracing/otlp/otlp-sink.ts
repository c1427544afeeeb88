import process from 'node:process';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, RandomIdGenerator } from '@opentelemetry/sdk-trace';
import type { SpanIds, SpanRecord, SpanSink } from '../span-record.ts';
import type { TraceMetrics } from '../trace-metrics.ts';
import { FinishedSpan, type SpanOrigin } from './finished-span.ts';
import { OtlpExporter, type OtlpTarget } from './otlp-exporter.ts';
import { WallClock } from './wall-clock.ts';

/** What an {@link OtlpSink} is made of. */
export interface OtlpSinkOptions extends OtlpTarget {
  readonly serviceName: string;
  readonly version: string;
  /** Number of this instance. */
  readonly instance: number;
  /** Most spans that wait or are on their way. */
  readonly maxQueue: number;
  readonly metrics: TraceMetrics;
  /** Told of the first export that was lost after one that was not, and of the first that was not after one that was; undefined: all is well again. */
  readonly changed: (lostFor: string | undefined) => void;
}

/** Of a few milliseconds to encode, so that requests do not wait for it. */
const batchSpans = 256;
const batchDelayMs = 1000;
/** The exporter keeps its own time; this is only there so that the processor never waits for ever. */
const processorPatience = 2;

/** Random ids, as OpenTelemetry makes them. */
export function randomIds(): SpanIds {
  return new RandomIdGenerator();
}

/** Sends spans to a collector in batches, a bounded number of them at a time. */
export class OtlpSink implements SpanSink {
  readonly #options: OtlpSinkOptions;
  readonly #exporter: OtlpExporter;
  readonly #processor: BatchSpanProcessor;
  readonly #origin: SpanOrigin;
  readonly #clock = new WallClock();
  readonly #epochOf = (moment: number): number => this.#clock.at(moment);
  #waiting = 0;
  #isLosing = false;

  constructor(options: OtlpSinkOptions) {
    const { maxQueue, timeoutMs, serviceName, version, instance, metrics } = options;
    this.#options = options;
    this.#exporter = new OtlpExporter(options, {
      sent: (spans, rejected) => this.#sent(spans, rejected),
      lost: (spans, reason) => this.#lost(spans, reason),
    });
    this.#processor = new BatchSpanProcessor({
      exporter: this.#exporter,
      maxQueueSize: maxQueue,
      maxExportBatchSize: batchSpans,
      scheduledDelayMillis: batchDelayMs,
      exportTimeoutMillis: timeoutMs * processorPatience,
    });
    this.#origin = {
      resource: resourceFromAttributes({
        'service.name': serviceName,
        'service.version': version,
        'service.instance.id': String(instance),
        'process.pid': process.pid,
      }),
      instrumentationScope: { name: '@midgard/middleware', version },
    };
    metrics.watchQueue(() => this.#waiting);
  }

  add(span: SpanRecord): void {
    const { maxQueue, metrics } = this.#options;
    // Counted here, since the processor tells nobody of what it drops.
    if (this.#waiting >= maxQueue) return metrics.dropped('queue_full', 1);
    this.#waiting += 1;
    this.#processor.onEnd(new FinishedSpan(span, this.#origin, this.#epochOf));
  }

  /**
   * Sends what waits, and ends.
   *
   * @param graceMs milliseconds; what is not sent by then is lost
   * @returns how many spans were lost by that
   */
  async stop(graceMs: number): Promise<number> {
    this.#exporter.stopRepeating();
    const { promise: isOver, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, graceMs);
    await Promise.race([this.#flush(), isOver]);
    clearTimeout(timer);
    const left = this.#waiting;
    await this.#exporter.shutdown();
    await this.#processor.shutdown().catch(() => undefined);
    return left;
  }

  /** What waits, and what is on its way already, of which the processor does not wait. */
  async #flush(): Promise<void> {
    await this.#processor.forceFlush().catch(() => undefined);
    await this.#exporter.forceFlush();
  }

  #sent(spans: number, rejected: number): void {
    this.#waiting -= spans + rejected;
    const { metrics, changed } = this.#options;
    metrics.exported(spans);
    if (rejected > 0) metrics.dropped('rejected', rejected);
    if (this.#isLosing) changed(undefined);
    this.#isLosing = false;
  }

  #lost(spans: number, reason: string): void {
    this.#waiting -= spans;
    const { metrics, changed } = this.#options;
    metrics.dropped('export_failed', spans);
    if (!this.#isLosing) changed(reason);
    this.#isLosing = true;
  }
}
