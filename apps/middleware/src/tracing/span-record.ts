import type { RequestScope } from '@midgard/server';

/** The trace of a caller. */
export type CallerTrace = NonNullable<RequestScope['trace']>;

/** A span that is over: what this service says of a part of a trace, in no library's words. */
export interface SpanRecord {
  /** 32 and 16 lower-case hex digits. */
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined: the first of its trace. */
  readonly parent: { readonly spanId: string; readonly isRemote: boolean } | undefined;
  readonly name: string;
  readonly kind: 'server' | 'client' | 'internal';
  /** In milliseconds of `performance.now()`. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** The code or the name of an error, where it failed. */
  readonly error: string | undefined;
  /** Another trace that led to this one. */
  readonly link?: CallerTrace | undefined;
}

/** Where spans go. */
export interface SpanSink {
  /** Never waits, never throws; drops what is too much. */
  add(span: SpanRecord): void;
}

/** Makes random ids. */
export interface SpanIds {
  /** 32 lower-case hex digits, not all of them 0. */
  generateTraceId(): string;
  /** 16 lower-case hex digits, not all of them 0. */
  generateSpanId(): string;
}
