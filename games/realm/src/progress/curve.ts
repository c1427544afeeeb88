/** The highest level that a character reaches. */
export const MAX_LEVEL = 100;

/** What the first step costs; each later one costs that much more than the one before. */
const STEP = 100n;

/**
 * Experience that a character needs in all to be of a level: 0, 100, 300, 600, 1000 … (a triangular curve, so that each
 * level takes one `STEP` more than the last).
 *
 * @param level 1 to {@link MAX_LEVEL}
 */
export function experienceFor(level: number): bigint {
  const steps = BigInt(level - 1);
  return (STEP * steps * (steps + 1n)) / 2n;
}

/** The level that an amount of experience is worth: the highest whose price it covers. O(levels). */
export function levelAt(experience: bigint): number {
  let level = 1;
  while (level < MAX_LEVEL && experienceFor(level + 1) <= experience) level++;
  return level;
}
