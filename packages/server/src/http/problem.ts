import type { ErrorBody, MidgardError } from '@midgard/errors';
import { errorTable } from '@midgard/errors';
import type { Reply } from './reply.ts';

/** The body of every answer that is not a success: RFC 9457 plus the three fields that an error has on every transport. */
export interface Problem extends ErrorBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Names this one occurrence: its request id. */
  readonly instance: string;
}

/** What HTTP adds to an error. */
export interface ProblemOptions {
  readonly requestId: string;
  /** Where HTTP has a better word than the table: 405 for a known path, 414 and 431 for what is too large. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const defaultRetrySeconds = 1;
const titles: ReadonlyMap<number, string> = new Map(Object.values(errorTable).map(({ code, title }) => [code, title]));

/** Builds the body of an error: only what the error lets its caller know, never its cause or stack. */
export function problemOf(error: MidgardError, { requestId, status = error.status }: ProblemOptions): Problem {
  const body = error.toBody();
  return {
    type: `urn:midgard:error:${body.code}`,
    title: titles.get(body.code) ?? 'error',
    status,
    detail: body.message,
    ...body,
    instance: `urn:midgard:request:${requestId}`,
  };
}

/** Answers with an error: `application/problem+json`, with `WWW-Authenticate` on 401 and `Retry-After` on 429 and 503. */
export function problemReply(error: MidgardError, options: ProblemOptions): Reply {
  const problem = problemOf(error, options);
  return {
    status: problem.status,
    body: JSON.stringify(problem),
    headers: {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      ...(problem.status === 401 && { 'WWW-Authenticate': challengeOf(error) }),
      ...((problem.status === 429 || problem.status === 503) && { 'Retry-After': String(retrySecondsOf(error)) }),
      ...options.headers,
    },
  };
}

function challengeOf({ code }: MidgardError): string {
  const isTold = code === errorTable.tokenExpired.code || code === errorTable.credentialInvalid.code;
  return isTold ? 'Bearer realm="midgard", error="invalid_token"' : 'Bearer realm="midgard"';
}

function retrySecondsOf({ details }: MidgardError): number {
  if (typeof details !== 'object' || details === null || !('retryAfterMs' in details)) return defaultRetrySeconds;
  const { retryAfterMs } = details;
  return typeof retryAfterMs === 'number' ? Math.max(1, Math.ceil(retryAfterMs / 1000)) : defaultRetrySeconds;
}
