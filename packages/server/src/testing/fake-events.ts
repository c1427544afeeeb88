import type { EventFollower, Following, GameEvent, GameEvents, JsonValue } from '@midgard/game-kit';

/** Events of a game as a test makes them, kept as a database would keep them. */
export class FakeEvents implements GameEvents {
  readonly committed: GameEvent[] = [];
  readonly #followers = new Set<EventFollower>();

  /** How many follow now: one for each instance where somebody listens. */
  get followers(): number {
    return this.#followers.size;
  }

  async follow(follower: EventFollower, { keep }: { readonly keep: number }): Promise<Following> {
    const latest = this.committed.slice(-keep);
    return {
      latest,
      head: this.committed.at(-1)?.sequence ?? 0,
      begin: () => this.#followers.add(follower),
      stop: () => this.#followers.delete(follower),
    };
  }

  /** Something happened. */
  commit(event: string, payload: JsonValue): GameEvent {
    const committed = { sequence: this.committed.length + 1, event, payload, at: 1_700_000_000_000 };
    this.committed.push(committed);
    for (const follower of this.#followers) follower.heard([committed]);
    return committed;
  }
}
