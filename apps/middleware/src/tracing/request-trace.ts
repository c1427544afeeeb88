import type { RequestScope, RequestSpan, SpanPart } from '@midgard/server';
import { attributesOf, hasFailed, nameOf } from './describe-request.ts';
import { withRandomness } from './sampler.ts';
import type { CallerTrace, SpanIds, SpanSink } from './span-record.ts';

/** What all of them share. */
export interface TraceParts {
  readonly sink: SpanSink;
  readonly ids: SpanIds;
  /** A part that was not told of, since there were too many. */
  readonly dropped: () => void;
}

/** Where a request stands in a trace. */
export interface TracePlace {
  /** Of the trace that it continues; undefined where it begins one. */
  readonly traceId?: string | undefined;
  /** Of the id of a trace that begins here. */
  readonly randomness: number;
  readonly parent?: { readonly spanId: string; readonly isRemote: boolean } | undefined;
  readonly link?: CallerTrace | undefined;
  readonly isRecorded: boolean;
}

/** A request that asks the database more often is told of by its first questions. */
const maxParts = 256;

/**
 * One request, or one of a batch, within a trace. Its spans are made when they are over: of one that is not recorded there is a trace id and
 * nothing else, until it turns out that it has failed or was slow.
 */
export class RequestTrace implements RequestSpan {
  isRecorded: boolean;
  readonly #parts: TraceParts;
  readonly #place: TracePlace;
  readonly #batch: RequestTrace | undefined;
  #traceId: string | undefined;
  #spanId: string | undefined;
  #handlerId: string | undefined;
  #noted = 0;
  #isOver = false;

  /** @param batch what it is a part of */
  constructor(parts: TraceParts, place: TracePlace, batch?: RequestTrace) {
    this.#parts = parts;
    this.#place = place;
    this.#batch = batch;
    this.isRecorded = place.isRecorded;
  }

  /** 32 hex digits, made when somebody asks. */
  get traceId(): string {
    return (this.#traceId ??= this.#batch?.traceId ?? this.#place.traceId ?? withRandomness(this.#parts.ids.generateTraceId(), this.#place.randomness));
  }

  /** 16 hex digits. */
  get spanId(): string {
    return (this.#spanId ??= this.#parts.ids.generateSpanId());
  }

  /** One of the requests of this batch. */
  item(): RequestTrace {
    return new RequestTrace(this.#parts, { randomness: 0, isRecorded: this.isRecorded }, this);
  }

  /** Takes a part; of one that is over, or not recorded, none. */
  note({ name, kind, durationMs, attributes, error }: SpanPart): void {
    if (!this.isRecorded || this.#isOver) return;
    if (this.#noted === maxParts) return this.#parts.dropped();
    this.#noted += 1;
    const endedAt = performance.now();
    const { sink, ids } = this.#parts;
    const parent = { spanId: this.#parentOfParts, isRemote: false };
    sink.add({ traceId: this.traceId, spanId: ids.generateSpanId(), parent, name, kind, startedAt: endedAt - durationMs, endedAt, attributes, error });
  }

  /** Has it recorded though it was not chosen, and what it is a part of: a span without its parent is of little use. */
  keep(): void {
    this.isRecorded = true;
    this.#batch?.keep();
  }

  /** Tells of it, if it is recorded. */
  end(request: RequestScope, seconds: number): void {
    this.#isOver = true;
    if (!this.isRecorded) return;
    const { traceId, spanId } = this;
    const { link } = this.#place;
    const parent = this.#batch === undefined ? this.#place.parent : { spanId: this.#batch.#parentOfParts, isRemote: false };
    const { startedAt } = request;
    const error = hasFailed(request) ? String(request.code) : undefined;
    const kind = this.#batch === undefined ? 'server' : 'internal';
    const attributes = attributesOf(request);
    this.#parts.sink.add({ traceId, spanId, parent, name: nameOf(request), kind, startedAt, endedAt: startedAt + seconds * 1000, attributes, error, link });
    if (this.#batch === undefined) this.#tellOfHandler(request, error);
  }

  #tellOfHandler(request: RequestScope, error: string | undefined): void {
    const handlerMs = request.msOf('handler');
    const startedAt = request.handledFrom;
    if (startedAt === 0) return;
    const { traceId } = this;
    const spanId = this.#parentOfParts;
    const parent = { spanId: this.spanId, isRemote: false };
    const attributes = { 'midgard.game': request.game, 'midgard.operation': request.operation };
    this.#parts.sink.add({ traceId, spanId, parent, name: 'handler', kind: 'internal', startedAt, endedAt: startedAt + handlerMs, attributes, error });
  }

  /** Of an item it is the item itself: all of it is its handler. */
  get #parentOfParts(): string {
    if (this.#batch !== undefined) return this.spanId;
    return (this.#handlerId ??= this.#parts.ids.generateSpanId());
  }
}
