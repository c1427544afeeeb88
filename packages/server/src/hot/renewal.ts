import type { HeldAnswer } from '@midgard/game-kit';

/** The game counts who was active in the last five minutes, and hears of a request on the full way only. */
const renewMs = 240_000;
const steps = 64;

/**
 * How long an answer is given out before its request takes the full way once more: as long as it is fresh, and no longer than four minutes, less
 * up to half of it by its place in the cache, so that what was asked for together is not renewed together.
 *
 * @param now epoch milliseconds
 * @returns epoch milliseconds
 */
export function renewAt({ grip }: HeldAnswer, now: number): number {
  const share = 1 - (grip.ticket.slot % steps) / (2 * steps);
  return Math.min(grip.until, now + renewMs * share);
}
