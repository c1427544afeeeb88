import type { Policy } from './policy.ts';
import { leastShare, WindowSteering } from './window-steering.ts';
import { sampledBit, WindowTinyLfu } from './window-tiny-lfu.ts';

/**
 * Keeps what is used often, or what was used last, whichever of the two serves better at the time: a {@link WindowTinyLfu} whose
 * window, anything from a hundredth to the whole of the cache, follows what a {@link WindowSteering} measures.
 */
export class AdaptivePolicy implements Policy {
  readonly #entries: WindowTinyLfu;
  readonly #steering: WindowSteering;

  /** @param settle called for each slot that leaves the window and stays */
  constructor(settle: (slot: number) => void) {
    this.#entries = new WindowTinyLfu(leastShare, settle);
    this.#steering = new WindowSteering(this.#entries);
  }

  reserve(capacity: number): void {
    this.#entries.reserve(capacity);
  }

  add(slot: number, hash: number): void {
    const isSampled = this.#steering.samples(hash);
    this.#entries.add(slot, hash, isSampled ? sampledBit : 0);
    if (!isSampled) return;
    this.#steering.grew(this.#entries.size);
    this.#observe(hash, false);
  }

  mayBeSettled(hash: number): boolean {
    return this.#entries.mayBeSettled(hash);
  }

  hit(slot: number): void {
    if ((this.#entries.hit(slot) & sampledBit) !== 0) this.#observe(this.#entries.hashOf(slot), true);
  }

  remove(slot: number): void {
    if (this.#entries.isSampled(slot)) this.#steering.forget(this.#entries.hashOf(slot));
    this.#entries.remove(slot);
  }

  evict(): number {
    this.#steering.full(this.#entries.size);
    return this.#entries.evict();
  }

  hottest(): Iterable<number> {
    return this.#entries.hottest();
  }

  clear(): void {
    this.#entries.clear();
    this.#steering.clear();
  }

  /** Marks of a time when the sample was larger may be left, so the hash decides. */
  #observe(hash: number, isHit: boolean): void {
    if (this.#steering.samples(hash)) this.#steering.observe(hash, isHit);
  }
}
