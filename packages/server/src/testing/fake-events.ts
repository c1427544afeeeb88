import type { EventFollower, Following, GameEvent, GameEvents, JsonValue } from '@midgard/game-kit';

/** Events of a game as a test makes them, kept as a database would keep them. */
export class FakeEvents implements GameEvents {
  readonly committed: GameEvent[] = [];
  /** With how many events each was told of. */
  readonly #followers = new Map<EventFollower, number>();

  /** How many follow now: one for each instance where somebody listens. */
  get followers(): number {
    return this.#followers.size;
  }

  async follow(follower: EventFollower, { keep }: { readonly keep: number }): Promise<Following> {
    const latest = this.committed.slice(-keep);
    const head = this.committed.length;
    return {
      latest,
      head,
      begin: () => this.#followers.set(follower, head),
      catchUp: async () => this.#tell(follower),
      stop: () => this.#followers.delete(follower),
    };
  }

  #tell(follower: EventFollower): void {
    const told = this.#followers.get(follower) ?? this.committed.length;
    if (told === this.committed.length) return;
    this.#followers.set(follower, this.committed.length);
    follower.heard(this.committed.slice(told));
  }

  /** Something happened. */
  commit(event: string, payload: JsonValue): GameEvent {
    const committed = this.commitElsewhere(event, payload);
    for (const follower of this.#followers.keys()) this.#tell(follower);
    return committed;
  }

  /** Something happened at another instance: nobody here knows of it yet. */
  commitElsewhere(event: string, payload: JsonValue): GameEvent {
    const committed = { sequence: this.committed.length + 1, event, payload, at: 1_700_000_000_000 };
    this.committed.push(committed);
    return committed;
  }
}
