import type { ExecuteRequest } from '@midgard/game-kit';
import type { RequestScope } from './request/request-scope.ts';
import type { Session } from './session.ts';

/** One request, wherever it came from. */
export interface Call {
  readonly session: Session;
  /** A game's number or id; 0 or `midgard` is the middleware itself. */
  readonly game: number | string;
  /** An operation's code or name. */
  readonly operation: number | string;
  /** The decoded input, not yet checked. */
  readonly input: unknown;
  /** What the client says of it: 0 normal, 1 high, 2 low. Default: normal. */
  readonly priority?: number;
  /** Tells the game that nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
  /** Told where this process holds the answer, if it came out of a cache. */
  readonly held?: ExecuteRequest['held'];
  /** What the front end knows of the request; it calls `Dispatcher.finish` once it is answered. Default: one that ends with the call. */
  readonly request?: RequestScope;
}
