import type { Plan } from '../plan.ts';
import type { BookedOrder } from './order-book.ts';
import type { Counts } from './tally.ts';

/** What a load thread is made with. */
export interface LoadThreadData {
  readonly plan: Plan;
  /** From 0. */
  readonly index: number;
  /** Ids of the players that were made for the run. */
  readonly players: readonly string[];
}

/** What a load thread is told. */
export type ThreadOrder = { readonly kind: 'start'; readonly recordsInMs: number; readonly forMs: number } | { readonly kind: 'stop' };

/** What a load thread tells: `counts` about once a second, `end` once, with the rest. */
export type ThreadReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'counts'; readonly counts: Counts }
  | { readonly kind: 'end'; readonly counts: Counts; readonly book: readonly BookedOrder[] };
