import { QueueError } from '../errors.ts';

const firstCapacity = 64;
const idBits = 24;
const maxTimers = 2 ** idBits;
/** A handle is a generation and an id in one whole number that a double holds; small ones are small integers to V8 and take no room. */
const generations = 2 ** (53 - idBits);

/**
 * Gives each timer an id, 0 and up, that is used again once the timer has gone; a handle tells whether it is still the same timer.
 */
export class TimerTable<T> {
  #values: (T | undefined)[] = [];
  /** How often an id has been given back. */
  #generations = new Uint32Array(firstCapacity);
  #free: number[] = [];

  /** Timers that are here. */
  get size(): number {
    return this.#values.length - this.#free.length;
  }

  /** All ids are below this. */
  get capacity(): number {
    return this.#generations.length;
  }

  /** @throws {QueueError} `ERR_QUEUE_FULL`: there is no id left */
  add(value: T): number {
    const id = this.#free.pop() ?? this.#values.length;
    if (id === maxTimers) throw new QueueError('ERR_QUEUE_FULL', `${maxTimers} timers run, and there can be no more`);
    if (id === this.capacity) this.#grow();
    this.#values[id] = value;
    return id;
  }

  /** Takes out a timer that is here. @returns its value */
  remove(id: number): T | undefined {
    const value = this.#values[id];
    this.#values[id] = undefined;
    this.#generations[id] = ((this.#generations[id] ?? 0) + 1) % generations;
    this.#free.push(id);
    return value;
  }

  /** Takes out all of them. */
  clear(): void {
    for (const [id, value] of this.#values.entries()) if (value !== undefined) this.remove(id);
  }

  /** The handle of a timer that is here. */
  handleOf(id: number): number {
    return (this.#generations[id] ?? 0) * maxTimers + id;
  }

  /** The id behind a handle, or −1 if its timer has gone. */
  idOf(handle: number): number {
    const id = handle % maxTimers;
    return this.#values[id] !== undefined && this.handleOf(id) === handle ? id : -1;
  }

  #grow(): void {
    const generations = new Uint32Array(2 * this.capacity);
    generations.set(this.#generations);
    this.#generations = generations;
  }
}
