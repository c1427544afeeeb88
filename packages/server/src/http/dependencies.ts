import type { Limiter } from '@midgard/auth';
import type { AddressLimit } from '../addresses/address-limit.ts';
import type { Forwarding } from '../addresses/forwarded.ts';
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
  readonly contentTypes: Readonly<Record<'prometheus' | 'openmetrics', string>>;
  /** Must let others have the event loop where there are many series. */
  scrape(exposition: 'prometheus' | 'openmetrics'): Promise<string>;
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
  /** Memory for answers to cached reads, for whoever asks the same: bytes, roughly (default 32 MiB; 0: none are kept). */
  readonly keptAnswerBytes?: number;
  /** Proxies that are believed about whom they speak for. Default: none, and the address of a caller is that of the socket. */
  readonly forwarding?: Forwarding;
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
  /** The public keys that our tokens are verified with (RFC 7517 section 5); `Tokens.jwks` of `@midgard/auth` is one. Left out: `/.well-known/jwks.json` is 404. */
  readonly jwks?: () => { readonly keys: readonly object[] };
  /** Limits log-in and refresh by address. Default: no limit. */
  readonly publicLimit?: AddressLimit;
  /** Counts wrong keys and tokens by address; an address that has used it up is refused before its next one is looked at. Default: no limit. */
  readonly failureLimit?: Limiter;
  readonly metrics?: ServerMetrics;
  readonly log?: ServerLog;
  readonly clock?: Clock;
  readonly options?: HttpOptions;
}
