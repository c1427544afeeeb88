import type { Plan } from '../plan.ts';
import type { Call } from './call.ts';

/** A request was done. */
export const DONE = 0;
/** Its connection broke before the answer. */
export const LOST = -1;
/** No answer came until the end. */
export const UNANSWERED = -2;
/** At a set rate: it was due, and no connection was free for it until the end. */
export const NOT_SENT = -4;
/** The answer was none of Midgard's. */
export const UNREADABLE = -3;

/** How a request ended: {@link DONE}, a code of the protocol's table, or one of the negative ones of this file. */
export type Outcome = number;

/** What a link tells. */
export interface LinkListener {
  /** @param body decodes the answer; to be called at once or never */
  answered(slot: number, outcome: Outcome, body: () => unknown): void;
  /** All answers that came together have been told: what was asked for meanwhile may be sent as one. */
  settled(): void;
  /** The connection is gone; what was unanswered has been told as {@link LOST}. */
  lost(): void;
}

/** A connection to the service with places ("slots") for requests that are unanswered. */
export interface Link {
  /** @param slot a free one, from 0 to below `depth` */
  send(slot: number, call: Call): void;
  /** Sends what waits. */
  flush(): void;
  close(): void;
}

/** Opens links of one kind. */
export interface LinkKind {
  /**
   * @throws {BenchError} `ERR_BENCH_CONNECT`: nobody there, or no Midgard
   * @throws {SetupError} `ERR_SETUP_ARGUMENT`: the key is refused, or there is no such game, or so many in flight are not allowed
   */
  open(plan: LinkPlan, listener: LinkListener): Promise<Link>;
}

/** The part of a plan that a link is opened by. */
export type LinkPlan = Pick<Plan, 'target' | 'game' | 'key' | 'depth'>;
