import { LinkedLists } from './linked-lists.ts';

/** 32 slots a wheel, so that one word says which are occupied. */
const slotBits = 5;
const slotsPerWheel = 32;
const wheels = 6;
/** All wheels together: 2^30 ticks, 124 days of 10 ms. What is due later waits in one list that is dealt out when the wheels have gone round. */
const horizon = slotsPerWheel ** wheels;
/** That list: the one slot of a seventh wheel. */
const beyond = wheels * slotsPerWheel;

/**
 * Puts ids in order of their deadline, in ticks. `add`, `remove` and, amortised, `takeDue` are O(1).
 *
 * Wheel 0 has a slot for each tick of the 32 that share all higher digits (base 32) with the current tick; wheel 1 one for each 32 ticks
 * of the same 1,024, and so on. An id stands on the wheel of the highest digit in which its deadline differs from the current tick, and
 * is dealt to a lower wheel when the current tick reaches its slot: at most five times in its life. So those with the same deadline
 * always stand in the same list, and leave in the order in which they came.
 *
 * Scheme 7 of Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (SOSP 1987).
 */
export class Hierarchy {
  readonly #lists: LinkedLists;
  #deadlines: Float64Array;
  /** A word for each wheel: bit n says that slot n holds something. */
  readonly #occupied = new Int32Array(wheels + 1);
  #tick = 0;

  constructor(capacity: number) {
    this.#lists = new LinkedLists(beyond + 1, capacity);
    this.#deadlines = new Float64Array(capacity);
  }

  /** Nothing that is here is due before this tick. */
  get tick(): number {
    return this.#tick;
  }

  /** All ids must be below this. */
  get capacity(): number {
    return this.#deadlines.length;
  }

  /** Makes room for the ids below `capacity`. */
  grow(capacity: number): void {
    this.#lists.grow(capacity);
    const deadlines = new Float64Array(capacity);
    deadlines.set(this.#deadlines);
    this.#deadlines = deadlines;
  }

  /** Forgets every id. */
  clear(): void {
    this.#lists.clear();
    this.#occupied.fill(0);
  }

  /**
   * Moves on where there is nothing to do on the way, so that what is added next is dealt as seldom as can be.
   *
   * @param tick from the current one to before {@link nextTick}
   */
  moveTo(tick: number): void {
    this.#tick = tick;
  }

  /**
   * @param deadline a tick after the current one
   * @returns the tick at which {@link takeDue} must look after it: its deadline, or when it must be dealt to a lower wheel
   */
  add(id: number, deadline: number): number {
    this.#deadlines[id] = deadline;
    const slot = this.#slotOf(deadline);
    this.#lists.append(slot, id);
    this.#occupied[slot >> slotBits] = (this.#occupied[slot >> slotBits] ?? 0) | (1 << (slot % slotsPerWheel));
    return this.#tickOf(slot);
  }

  /** Takes an id out that is here. */
  remove(id: number): void {
    const emptied = this.#lists.remove(id);
    if (emptied === -1) return;
    this.#occupied[emptied >> slotBits] = (this.#occupied[emptied >> slotBits] ?? 0) & ~(1 << (emptied % slotsPerWheel));
  }

  /** The tick at which {@link takeDue} has something to do next; Infinity if there is nothing. */
  nextTick(): number {
    const slot = this.#nextSlot();
    return slot === -1 ? Infinity : this.#tickOf(slot);
  }

  /** Takes out the first id that is due at or before `tick`, and moves the current tick there; −1 if there is none. */
  takeDue(tick: number): number {
    for (;;) {
      const slot = this.#nextSlot();
      const slotTick = slot === -1 ? Infinity : this.#tickOf(slot);
      if (slotTick > tick) return -1;
      this.#tick = slotTick;
      if (slot < slotsPerWheel) {
        const id = this.#lists.first(slot);
        this.remove(id);
        return id;
      }
      this.#deal(slot);
    }
  }

  /** Moves those of a slot to the lower wheels; some of those beyond the horizon come back to the end of the list they were in. */
  #deal(slot: number): void {
    const last = this.#lists.last(slot);
    let id: number;
    do {
      id = this.#lists.first(slot);
      this.remove(id);
      this.add(id, this.#deadlines[id] ?? 0);
    } while (id !== last);
  }

  #slotOf(deadline: number): number {
    if (Math.floor(deadline / horizon) !== Math.floor(this.#tick / horizon)) return beyond;
    // Bit operations take a number modulo 2^32, which leaves the 30 bits below the horizon as they are.
    const differing = (deadline ^ this.#tick) & (horizon - 1);
    const wheel = differing < slotsPerWheel ? 0 : Math.floor((31 - Math.clz32(differing)) / slotBits);
    return wheel * slotsPerWheel + ((deadline >>> (wheel * slotBits)) & (slotsPerWheel - 1));
  }

  /** The first tick of a slot. */
  #tickOf(slot: number): number {
    if (slot === beyond) return (Math.floor(this.#tick / horizon) + 1) * horizon;
    const wheel = slot >> slotBits;
    const ticksPerSlot = 1 << (wheel * slotBits);
    const ticksPerTurn = ticksPerSlot * slotsPerWheel;
    return this.#tick - (this.#tick & (ticksPerTurn - 1)) + (slot % slotsPerWheel) * ticksPerSlot;
  }

  /** The slot whose turn is next, or −1. All of a wheel comes before anything of the wheel above. */
  #nextSlot(): number {
    for (let wheel = 0; wheel <= wheels; wheel += 1) {
      const slots = this.#occupied[wheel] ?? 0;
      // What lies behind the current tick is empty, so the lowest bit is the next.
      if (slots !== 0) return wheel * slotsPerWheel + 31 - Math.clz32(slots & -slots);
    }
    return -1;
  }
}
