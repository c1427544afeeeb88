/** What a silence calls for. */
export type Silence = 'short' | 'ping' | 'dead';

/** Tells how long a peer has been silent: after one interval it is pinged, once; after two it is dead. Any byte is a sign of life. */
export class Heartbeat {
  readonly #intervalMs: number;
  #heardAt: number;
  #hasPinged = false;

  /**
   * @param intervalMs silence after which to ping
   * @param now milliseconds of a clock that nobody sets, as all times here
   */
  constructor(intervalMs: number, now: number) {
    this.#intervalMs = intervalMs;
    this.#heardAt = now;
  }

  /** The peer was heard. */
  beat(now: number): void {
    this.#heardAt = now;
    this.#hasPinged = false;
  }

  /** When the peer was heard last. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** When there is something to do about the silence, if it lasts. */
  get dueAt(): number {
    return this.#heardAt + (this.#hasPinged ? 2 : 1) * this.#intervalMs;
  }

  /** Looks at the clock; says `ping` once a silence. */
  check(now: number): Silence {
    const silentMs = now - this.#heardAt;
    if (silentMs >= 2 * this.#intervalMs) return 'dead';
    if (silentMs < this.#intervalMs || this.#hasPinged) return 'short';
    this.#hasPinged = true;
    return 'ping';
  }
}
