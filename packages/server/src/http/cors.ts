/** Which web pages may call this service from another origin. */
export interface CorsOptions {
  /** Exact origins, such as `https://shop.example`; empty (the default) switches CORS off. There is no wildcard: callers send credentials. */
  readonly origins: readonly string[];
  /** How long a browser may keep the answer to a preflight, in seconds (default 600). */
  readonly maxAgeSeconds?: number;
}

const requestHeaders = 'Authorization, X-API-Key, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id, Traceparent';
const responseHeaders = 'ETag, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id';

/**
 * The headers that let a page of an allowed origin read the answer (https://fetch.spec.whatwg.org/#http-cors-protocol).
 *
 * @param options the allow-list
 * @param origin the request's `Origin`
 * @returns no headers for a request without an origin; only `Vary` for one that is not allowed
 */
export function corsHeaders({ origins }: CorsOptions, origin: string | undefined): Readonly<Record<string, string>> {
  if (origins.length === 0) return {};
  if (origin === undefined || !origins.includes(origin)) return { Vary: 'Origin' };
  return { Vary: 'Origin', 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': responseHeaders };
}

/**
 * The headers of the answer to a preflight.
 *
 * @param options the allow-list
 * @param methods what the path can do
 */
export function preflightHeaders({ maxAgeSeconds = 600 }: CorsOptions, methods: readonly string[]): Readonly<Record<string, string>> {
  return {
    'Access-Control-Allow-Methods': methods.join(', '),
    'Access-Control-Allow-Headers': requestHeaders,
    'Access-Control-Max-Age': String(maxAgeSeconds),
  };
}
