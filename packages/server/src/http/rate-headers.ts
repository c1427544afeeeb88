import type { Session } from '../session.ts';

/**
 * What the caller's limit is and how much of it is left (draft-ietf-httpapi-ratelimit-headers-10): `RateLimit-Policy` with the quota `q` and
 * the seconds `w` in which it comes back, `RateLimit` with the requests left `r` and the seconds `t` until all of it is back.
 *
 * @returns nothing where there is no limit
 */
export function rateHeaders(session: Session | undefined): Readonly<Record<string, string>> {
  const { budget } = session ?? {};
  if (session === undefined || budget === undefined) return {};
  const { name, limiter } = budget;
  const { perSecond, burst } = budget.limit;
  const left = limiter.remaining(session.principal.subject);
  return {
    'RateLimit-Policy': `"${name}";q=${burst};w=${Math.max(1, Math.ceil(burst / perSecond))}`,
    RateLimit: `"${name}";r=${left};t=${Math.ceil((burst - left) / perSecond)}`,
  };
}
