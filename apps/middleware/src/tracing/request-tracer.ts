import { newRandomness, withRandomness } from './sampler.ts';
import type { RequestScope, RequestTracing, SpanPart } from '@midgard/server';
import { hasFailed } from './describe-request.ts';
import { RequestTrace, type TraceParts } from './request-trace.ts';

/** What a {@link RequestTracer} is made of. */
export interface RequestTracerParts extends TraceParts {
  /** Whether a trace that begins here is followed, by the random part of its id. */
  readonly isSampled: (randomness: number) => boolean;
  /** Whether the trace of a caller is continued, and its choice is ours. */
  readonly trustCallers: boolean;
  /** Longer requests are told of in any case; 0: none. */
  readonly slowMs: number;
  /** Whether one more that was not chosen may be told of. */
  readonly mayKeep: () => boolean;
}

/** W3C Trace Context, trace-flags. */
const sampledFlag = 1;

/**
 * Follows requests: whether one is followed is decided before anything is made for it, and once more when it has failed or was slow. Then what
 * is known is told of at the end: the request with its stages, without statements.
 */
export class RequestTracer implements RequestTracing {
  readonly #parts: RequestTracerParts;
  /** The random part of the next trace, which was chosen by it. */
  #chosen: number | undefined;

  constructor(parts: RequestTracerParts) {
    this.#parts = parts;
  }

  choosesNext(): boolean {
    const randomness = newRandomness();
    const isChosen = this.#parts.isSampled(randomness);
    this.#chosen = isChosen ? randomness : undefined;
    return isChosen;
  }

  begin({ batch, trace }: RequestScope): RequestTrace {
    if (batch?.span instanceof RequestTrace) return batch.span.item();
    const { trustCallers, isSampled } = this.#parts;
    if (trustCallers && trace !== undefined) {
      const isRecorded = (trace.flags & sampledFlag) === sampledFlag;
      return new RequestTrace(this.#parts, { traceId: trace.traceId, randomness: 0, parent: { spanId: trace.spanId, isRemote: true }, isRecorded });
    }
    const randomness = this.#chosen ?? newRandomness();
    this.#chosen = undefined;
    return new RequestTrace(this.#parts, { randomness, link: trace, isRecorded: isSampled(randomness) });
  }

  end(request: RequestScope, seconds: number): void {
    const { span } = request;
    if (!(span instanceof RequestTrace)) return;
    if (!span.isRecorded && this.#isNotable(request, seconds)) {
      if (this.#parts.mayKeep()) span.keep();
      else this.#parts.dropped();
    }
    span.end(request, seconds);
  }

  /** Tells of work that was done for no single request: a trace of its own, chosen as those of requests are; failures always. */
  note({ name, kind, durationMs, attributes, error }: SpanPart): void {
    const { sink, ids, isSampled, mayKeep, dropped } = this.#parts;
    const randomness = newRandomness();
    if (!isSampled(randomness)) {
      if (error === undefined) return;
      if (!mayKeep()) return dropped();
    }
    const endedAt = performance.now();
    const traceId = withRandomness(ids.generateTraceId(), randomness);
    sink.add({ traceId, spanId: ids.generateSpanId(), parent: undefined, name, kind, startedAt: endedAt - durationMs, endedAt, attributes, error });
  }

  #isNotable(request: RequestScope, seconds: number): boolean {
    const { slowMs } = this.#parts;
    return hasFailed(request) || (slowMs > 0 && seconds * 1000 > slowMs);
  }
}
