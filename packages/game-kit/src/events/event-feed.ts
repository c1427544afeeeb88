import type { Database } from '@midgard/dao';
import type { Clock } from '../clock.ts';
import type { GameLog } from '../context.ts';
import type { Timers } from '../write-behind/timers.ts';
import { FollowedOutbox } from './followed-outbox.ts';
import type { EventFollower, Following, GameEvents } from './game-event.ts';

/** What an {@link EventFeed} is made of. */
export interface EventFeedParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: GameLog;
}

/**
 * The events of a game, read from its outbox: those of this instance right after their commit, those of others a moment later. It needs nothing
 * but the game's database, and while nobody follows it does nothing.
 */
export class EventFeed implements GameEvents {
  readonly #parts: EventFeedParts;
  readonly #followed = new Set<FollowedOutbox>();

  constructor(parts: EventFeedParts) {
    this.#parts = parts;
  }

  /** See {@link GameEvents.follow}. */
  async follow(follower: EventFollower, { keep }: { readonly keep: number }): Promise<Following> {
    const followed = new FollowedOutbox(this.#parts, follower, keep);
    const start = await followed.start();
    this.#followed.add(followed);
    const stop = (): void => {
      followed.stop();
      this.#followed.delete(followed);
    };
    return { ...start, begin: () => void followed.look(), catchUp: () => followed.look(), stop };
  }

  /** Something was committed here: those who follow look at once. O(followers), which is one for each instance. */
  nudge(): void {
    for (const followed of this.#followed) void followed.look();
  }

  /** Ends all following. */
  stop(): void {
    for (const followed of this.#followed) followed.stop();
    this.#followed.clear();
  }
}
