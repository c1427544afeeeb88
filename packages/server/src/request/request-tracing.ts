import type { RequestScope } from './request-scope.ts';

/** Something that a request waited for, and that has ended just now. */
export interface SpanPart {
  /** Of few values: never what a client wrote. */
  readonly name: string;
  /** `client`: another system was asked; `internal`: this process worked. */
  readonly kind: 'client' | 'internal';
  /** Milliseconds; it ended when it is told of. */
  readonly durationMs: number;
  /** In the names of OpenTelemetry's semantic conventions where there is one; no values of rows, no secrets. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** The code or the name of an error, where it failed. */
  readonly error?: string | undefined;
}

/**
 * The place of a request in a distributed trace, in the words of whoever follows it.
 *
 * @see https://www.w3.org/TR/trace-context/
 */
export interface RequestSpan {
  /** 32 lower-case hex digits; there is one also where nothing is recorded, so that the lines of the log can be joined. */
  readonly traceId: string;
  /** Whether it goes to where traces are kept. What is not recorded needs no {@link SpanPart}. */
  readonly isRecorded: boolean;
  /** Takes a part of it. Must be quick, and must not throw. */
  note(part: SpanPart): void;
}

/** Follows requests for whoever looks at them from outside of the process. Called on the hot way: it must be quick, and must not throw. */
export interface RequestTracing {
  /**
   * Whether the next request that {@link begin} hears of, without a trace of its caller's, is to be followed: asked for requests whose answer is
   * at hand, and which are made for {@link begin} only if so.
   */
  choosesNext(): boolean;
  /**
   * A request came to its operation, or is refused before that. Its names are known, and of a part of a batch its {@link RequestScope.batch}.
   *
   * @returns undefined where nobody is to hear of it
   */
  begin(request: RequestScope): RequestSpan | undefined;
  /** Names, code and stages of a request are final. @param seconds from its first byte to its encoded answer */
  end(request: RequestScope, seconds: number): void;
}
