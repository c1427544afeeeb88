/** How a queue of writes is emptied. */
export interface Pace {
  /** How long a write may wait for others of its key, milliseconds: the queue is emptied over about that time. */
  readonly delayMs: number;
  /** Most writes of one batch. */
  readonly maxBatch: number;
}

/** Into how many batches a queue is spread over the delay. */
const steps = 5;
/** Fewer than these are not worth a batch of their own. */
const leastBatch = 50;

/** Milliseconds between two batches. */
export function stepMs({ delayMs }: Pace): number {
  return Math.ceil(delayMs / steps);
}

/**
 * How many writes the next batch takes: a share of what waits, so that the database gets a level stream and never a spike.
 *
 * With a steady inflow of r writes a step the queue settles at five steps' worth and each batch is r; after a burst each
 * batch is a fifth smaller than the one before. Flushing everything on a timer would hold up all else each time it fires.
 *
 * @param waiting writes that wait, 1 or more
 * @see https://github.com/NetEase/pomelo/issues/574
 */
export function batchSize(waiting: number, { maxBatch }: Pace): number {
  return Math.min(waiting, maxBatch, Math.max(leastBatch, Math.ceil(waiting / steps)));
}
