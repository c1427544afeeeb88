import { AsyncLocalStorage } from 'node:async_hooks';
import type { TraceContext } from '@midgard/codec';
import type { Wait } from '../backlog.ts';
import type { Transport } from '../metrics.ts';
import type { RequestSpan } from './request-tracing.ts';
import { type Stage, stages } from './stages.ts';

/** What a {@link RequestScope} is made of. */
export interface RequestScopeParts {
  readonly transport: Transport;
  /** The front end's name for the request; over TCP the client's own number. */
  readonly requestId?: string | number | undefined;
  /** The caller's trace, where it told of one. */
  readonly trace?: TraceContext | undefined;
  /** When its first byte was looked at, in milliseconds of `performance.now()`; default: now. */
  readonly startedAt?: number | undefined;
}

/** What the recommendation calls an invalid id: it counts as none. */
const zeroTraceId = '0'.repeat(32);
const zeroSpanId = '0'.repeat(16);

/**
 * One request on its way through the service: what is said of it in logs, metrics and traces, wherever it is just then. Made by its front
 * end, found by {@link currentRequest}.
 */
export class RequestScope {
  readonly transport: Transport;
  readonly requestId: string | number | undefined;
  readonly trace: TraceContext | undefined;
  readonly startedAt: number;
  /** The game's id, `midgard` for built-in operations, `unknown` where it is not known: never what a client wrote. */
  game = 'unknown';
  /** The operation's name, or `unknown`. */
  operation = 'unknown';
  /** Who asks: of a session the subject; `''` where that is not known. */
  subject = '';
  /** The peer's; `''` where it is not known. */
  address = '';
  /** 0 for a good answer, else the error code of protocol.md. */
  code = 0;
  /** Over HTTP: its method, the pattern of its path such as `/api/v1/games/realm/players/:id`, the status of its answer; else `''` and 0. */
  method = '';
  route = '';
  status = 0;
  /** When it came to its operation, in milliseconds of `performance.now()`; 0 where it did not. */
  handledFrom = 0;
  /** Among what it waits, and since when, as that counts; undefined: among nothing. */
  waits: Wait | undefined;
  /** Set by whoever follows the request. */
  span: RequestSpan | undefined;
  /** What it is a part of. */
  readonly batch: RequestScope | undefined;
  readonly #stageMs: number[] = stages.map(() => 0);

  /** @param batch what this is a part of: its time is counted there too */
  constructor({ transport, requestId, trace, startedAt = performance.now() }: RequestScopeParts, batch?: RequestScope) {
    this.transport = transport;
    this.requestId = requestId;
    this.trace = isZero(trace) ? undefined : trace;
    this.startedAt = startedAt;
    this.batch = batch;
  }

  /** One of the requests of a batch. */
  item(): RequestScope {
    return new RequestScope({ transport: this.transport, requestId: this.requestId, trace: this.trace }, this);
  }

  /** The trace that it belongs to, as 32 hex digits: ours, else the caller's. */
  get traceId(): string | undefined {
    return (this.span ?? this.batch?.span)?.traceId ?? this.trace?.traceId;
  }

  /** Adds to the time of a stage; what ran side by side adds up to more than went by. O(1). */
  add(stage: Stage, ms: number): void {
    const at = stages.indexOf(stage);
    this.#stageMs[at] = (this.#stageMs[at] ?? 0) + ms;
    // A batch waits for the handlers of its items in its own.
    if (stage !== 'handler') this.batch?.add(stage, ms);
  }

  /** Milliseconds of a stage; 0 where the request did not go through it. */
  msOf(stage: Stage): number {
    return this.#stageMs[stages.indexOf(stage)] ?? 0;
  }
}

function isZero(trace: TraceContext | undefined): boolean {
  return trace?.traceId === zeroTraceId || trace?.spanId === zeroSpanId;
}

const scopes = new AsyncLocalStorage<RequestScope>();

/**
 * The request that this code runs for; undefined outside of any, and for what is done for several at once or behind their backs.
 *
 * @example
 * ```ts
 * import { currentRequest } from '@midgard/server';
 *
 * const log = { context: () => ({ requestId: currentRequest()?.requestId, traceId: currentRequest()?.traceId }) };
 * ```
 */
export function currentRequest(): RequestScope | undefined {
  return scopes.getStore();
}

/** Runs work for a request: {@link currentRequest} finds it there, and in all that it calls and waits for. */
export function runFor<T>(request: RequestScope, work: () => T): T {
  return scopes.run(request, work);
}
