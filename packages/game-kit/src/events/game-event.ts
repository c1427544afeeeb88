import type { JsonValue } from '@midgard/errors';

/** Something that happened in a game, as its outbox tells it. */
export interface GameEvent {
  /** From 1, in every instance the same, without holes but where older ones were left out. */
  readonly sequence: number;
  /** Topic of the operation that it came from, such as `order.pay`. */
  readonly event: string;
  /** That operation's output, as it goes over the wire. */
  readonly payload: JsonValue;
  /** When it was written, epoch milliseconds. */
  readonly at: number;
}

/** Follows the events of a game. */
export interface EventFollower {
  /** Events that were published, in the order of their sequence; each once. Must not throw. */
  heard(events: readonly GameEvent[]): void;
}

/** Where a game's events come from; `GameRuntime.events` is one. */
export interface GameEvents {
  /**
   * Tells of the latest events and of the sequence where they end, then of each one that is published, until the function that comes back is called.
   *
   * @param options.keep most of the latest events that are told of at once
   * @throws {DaoError} the database does not answer
   */
  follow(follower: EventFollower, options: { readonly keep: number }): Promise<Following>;
}

/** What {@link GameEvents.follow} gives. */
export interface Following {
  /** The latest events, the oldest first, without a hole among them. */
  readonly latest: readonly GameEvent[];
  /** The sequence of the newest event that was published; 0 where there was none. */
  readonly head: number;
  /** Begins to tell of what follows. */
  begin(): void;
  /** Looks now: when it comes back, what was published before is told of, wherever it was written. Never rejects: without the database nothing is told. */
  catchUp(): Promise<void>;
  /** Ends it: nothing is heard any more. */
  stop(): void;
}
