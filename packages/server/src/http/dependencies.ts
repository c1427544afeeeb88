import type { RateDecision } from '@midgard/auth';
import type { Authenticator } from '../authenticator.ts';
import type { Clock } from '../clock.ts';
import type { Dispatcher } from '../dispatcher.ts';
import type { ServerLog } from '../log.ts';
import type { ServerMetrics } from '../metrics.ts';
import type { CorsOptions } from './cors.ts';

/** Whether requests can be served, and what was looked at. */
export interface Readiness {
  readonly isReady: boolean;
  /** A word for each part, such as `{ realm: 'ok', redis: 'unreachable' }`: it is shown to anyone, so no addresses. */
  readonly checks: Readonly<Record<string, string>>;
}

/** The text of `/metrics`; `Registry` of `@midgard/metrics` is one. */
export interface MetricsText {
  readonly contentType: string;
  expose(): string;
}

/** Settings of the HTTP front end. */
export interface HttpOptions {
  /** Largest request body in bytes (default 1 MiB, as the frame limit). */
  readonly maxBodyBytes?: number;
  /** Longest request target in characters (default 8192; the whole header has 16 KiB). */
  readonly maxUrlCharacters?: number;
  /** Longest time from a request's headers to its answer, in milliseconds (default 10 000). */
  readonly requestTimeoutMs?: number;
  readonly cors?: CorsOptions;
}

/** What the HTTP front end is made of. */
export interface HttpDependencies {
  readonly dispatcher: Dispatcher;
  readonly authenticator: Authenticator;
  /** Version of the service, for `/health` and the document. */
  readonly version: string;
  /** Looked at by `/readyz` and `/health`; one look at a time, however many ask. Default: always ready. */
  readonly readiness?: () => Promise<Readiness>;
  /** Left out: `/metrics` is 404. */
  readonly metricsText?: MetricsText;
  /** Limits log-in and refresh by address; `RateLimiter` of `@midgard/auth` is one. Default: no limit. */
  readonly publicLimit?: { take(address: string): RateDecision };
  readonly metrics?: ServerMetrics;
  readonly log?: ServerLog;
  readonly clock?: Clock;
  readonly options?: HttpOptions;
}
