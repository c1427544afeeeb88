/*
 * The tail of a lane: one word of 32 bits that says where the next record goes, to which lending of the lane that belongs
 * and what its producer is doing. All of it changes together by compare-and-exchange. So a commit can only succeed while
 * the lane is still lent to that producer, and a lane can only be taken away before or after a commit, never during one.
 *
 *   bits 14–31  position in units, which runs on and wraps at 2^18
 *   bits  3–13  lending, which goes up whenever the lane becomes free and wraps at 2^11
 *   bits  0–2   state
 */

/** What the producer of a lane is doing. */
export const laneState = {
  /** Nobody has it. */
  free: 0,
  /** Promised to a producer that has not come yet. */
  lent: 1,
  /** Its producer has it and is between messages. */
  open: 2,
  /** Its producer is writing bytes behind the tail. */
  writing: 3,
  /** Given up while its producer was writing: it may write still, so nobody else gets the lane. */
  cut: 4,
} as const;

const stateMask = 0b111;
const lendingShift = 3;
const lendingMask = 0x7ff;
const positionShift = 14;

/** Positions are compared and added modulo this. More than twice the units of the largest lane, so full and empty differ. */
export const positionMask = 0x3ffff;

/** What is happening on the lane. */
export function stateOf(tail: number): number {
  return tail & stateMask;
}

/** Whose turn on the lane it is. */
export function lendingOf(tail: number): number {
  return (tail >>> lendingShift) & lendingMask;
}

/** Where the next record goes, in units. */
export function positionOf(tail: number): number {
  return tail >>> positionShift;
}

/** The same lending at the same place in another state. */
export function withState(tail: number, state: number): number {
  return (tail & ~stateMask) | state;
}

/** The tail further on by whole units. The position is in the highest bits, so it wraps by itself. */
export function advanced(tail: number, units: number): number {
  return (tail + (units << positionShift)) | 0;
}

/** Free for the next producer, which is told from this one by its lending. */
export function released(tail: number): number {
  const nextLending = (lendingOf(tail) + 1) & lendingMask;
  return (positionOf(tail) << positionShift) | (nextLending << lendingShift) | laneState.free;
}
