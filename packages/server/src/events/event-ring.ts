import type { EventPush } from './event-push.ts';

/**
 * The latest events of a game, in the order of their sequence and without a hole: what a client that was away, or is slow, catches up from. It is the
 * one queue of all clients, so a slow one costs no memory. O(1), but for a hole, which drops what is older.
 */
export class EventRing {
  readonly #keep: number;
  readonly #slots: (EventPush | undefined)[] = [];
  #first: number;
  #head: number;

  /**
   * @param keep most events, at least 1
   * @param head sequence of the last event before the first that is added
   */
  constructor(keep: number, head: number) {
    this.#keep = keep;
    this.#head = head;
    this.#first = head + 1;
  }

  /** Sequence of the oldest event that is kept; one above the head where none is. */
  get first(): number {
    return this.#first;
  }

  /** Sequence of the newest event; where none was added, of the last before. */
  get head(): number {
    return this.#head;
  }

  /** @param event its sequence is above the head */
  add(event: EventPush): void {
    if (event.sequence !== this.#head + 1) this.#first = event.sequence;
    this.#head = event.sequence;
    this.#slots[event.sequence % this.#keep] = event;
    this.#first = Math.max(this.#first, this.#head - this.#keep + 1);
  }

  /** @returns undefined where it is not kept */
  at(sequence: number): EventPush | undefined {
    return sequence < this.#first || sequence > this.#head ? undefined : this.#slots[sequence % this.#keep];
  }
}
