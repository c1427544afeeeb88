import type { RateDecision } from './token-bucket.ts';

/** A limit on what each of many keys (an address, an API key, a player) may do. */
export interface Limiter {
  /** Takes one of that key's budget if there is one; asks nobody and waits for nothing. */
  take(key: string): RateDecision;
  /** How many that key could take now, as far as this process knows. */
  remaining(key: string): number;
}
