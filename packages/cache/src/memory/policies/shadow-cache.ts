import { firstSlot, type Policy } from './policy.ts';

/** What a shadow needs of a policy; its keys are hashes. */
export type ShadowPolicy = Pick<Policy, 'reserve' | 'remove' | 'evict' | 'clear'> & {
  add(slot: number, hash: number): void;
  hit(slot: number): void;
};

/** A cache without values, which tells what another policy or size would have hit. All O(1). */
export class ShadowCache {
  readonly #policy: ShadowPolicy;
  readonly #slots = new Map<number, number>();
  readonly #hashes: number[] = [];
  readonly #free: number[] = [];
  #capacity = 0;
  #nextSlot = firstSlot;

  constructor(policy: ShadowPolicy) {
    this.#policy = policy;
  }

  /** A use of a key, which is there afterwards. @returns whether it was there before */
  access(hash: number, maxEntries: number): boolean {
    const present = this.#slots.get(hash);
    if (present !== undefined) {
      this.#policy.hit(present);
      return true;
    }
    while (this.#slots.size >= maxEntries && this.#evictOne());
    const slot = this.#free.pop() ?? this.#newSlot();
    this.#slots.set(hash, slot);
    this.#hashes[slot] = hash;
    this.#policy.add(slot, hash);
    return false;
  }

  /** Takes a key out. */
  delete(hash: number): void {
    const slot = this.#slots.get(hash);
    if (slot === undefined) return;
    this.#slots.delete(hash);
    this.#free.push(slot);
    this.#policy.remove(slot);
  }

  /** Takes out every key that does not pass. O(n). */
  keepOnly(isKept: (hash: number) => boolean): void {
    for (const hash of this.#slots.keys()) if (!isKept(hash)) this.delete(hash);
  }

  clear(): void {
    this.#slots.clear();
    this.#policy.clear();
    this.#free.length = 0;
    this.#nextSlot = firstSlot;
  }

  #evictOne(): boolean {
    const slot = this.#policy.evict();
    if (slot === 0) return false;
    this.#slots.delete(this.#hashes[slot] ?? 0);
    this.#free.push(slot);
    return true;
  }

  #newSlot(): number {
    if (this.#nextSlot >= this.#capacity) {
      this.#capacity = Math.max(64, this.#capacity * 2);
      this.#policy.reserve(this.#capacity);
    }
    return this.#nextSlot++;
  }
}
