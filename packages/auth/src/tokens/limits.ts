/** How far the clocks of two machines may differ, milliseconds. */
export const clockToleranceMs = 5000;

/**
 * Longest life of an access token, seconds: a day. How long a revocation must be remembered and a retired key must verify follows from it.
 */
export const maxAccessTtlSeconds = 86_400;
