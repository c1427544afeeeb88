/** Part of the average that a worker may have above it, and the part of its connections that may be sent elsewhere at a time. */
const mostAbove = 0.05;
const mostAtOnce = 0.1;
/** Standard deviations of what chance alone does, below which nothing is done about it. */
const chance = 3;

/**
 * How many connections each worker is to send elsewhere. The kernel spreads new connections by a hash, so only what came by itself needs
 * help: after a worker was restarted it has none, and the others have its share.
 *
 * @param counts connections of each worker
 */
export function surplus(counts: readonly number[]): readonly number[] {
  const average = counts.reduce((sum, count) => sum + count, 0) / Math.max(1, counts.length);
  const allowed = average + Math.max(mostAbove * average, chance * Math.sqrt(average));
  return counts.map((count) => (count > allowed ? Math.floor(Math.min(count - average, mostAtOnce * count)) : 0));
}
