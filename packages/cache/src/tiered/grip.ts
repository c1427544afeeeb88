import type { Ticket } from '../memory/ticket.ts';

/** A value in memory, with what it takes to know later whether it is still the one to give out. */
export interface Grip<V> {
  readonly value: V;
  readonly ticket: Ticket;
  /** Epoch milliseconds: from then on it is to be asked for by its key. */
  readonly until: number;
}
