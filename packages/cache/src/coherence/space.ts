import type { NewestValue, Tier } from '../tier/tier.ts';
import { entryName, tagName } from './name.ts';

/** What a space needs of its {@link Coherence}. */
export interface SpaceHost {
  trustedTier(): Tier | undefined;
  /** Names whose invalidation waits. */
  readonly waiting: number;
  isPending(name: string): boolean;
  memoryTtlMs(ttlMs: number): number;
  abandon(names: readonly string[], error: unknown): void;
  /** @returns whether the tier and the others were told; if not, they will be */
  change(names: readonly string[], tell?: (tier: Tier) => Promise<unknown>): Promise<boolean>;
}

/**
 * The entries of one kind, wherever they are kept: what {@link Coherence.join} gives, by which their keeper asks the shared tier and
 * tells of changes.
 */
export class Space {
  readonly name: string;
  readonly #host: SpaceHost;

  /** Made by {@link Coherence.join}. */
  constructor(name: string, host: SpaceHost) {
    this.name = name;
    this.#host = host;
  }

  /** The shared tier; undefined where there is none, or where it is not to be read now. */
  get tier(): Tier | undefined {
    return this.#host.trustedTier();
  }

  /** Whether the tier may be asked about a key: not while it may still have what a write of this process has outdated. */
  isSettled(key: string): boolean {
    // Nearly always nothing waits, and no names need be made.
    return this.#host.waiting === 0 || (!this.#host.isPending(entryName(this.name, key)) && !this.#host.isPending(tagName(this.name, '')));
  }

  /** Whether the tier knows of the last clearing of a tag by this process. */
  isTagSettled(tag: string): boolean {
    return this.#host.waiting === 0 || !this.#host.isPending(tagName(this.name, tag));
  }

  /** How long an entry may be given out from memory, milliseconds: less than asked while others cannot be heard. */
  memoryTtlMs(ttlMs: number): number {
    return this.#host.memoryTtlMs(ttlMs);
  }

  /** Makes everybody drop these keys, the tier first. @returns whether all were told; if not, it is tried until they are */
  invalidate(keys: readonly string[]): Promise<boolean> {
    return this.#host.change(keys.map((key) => entryName(this.name, key)));
  }

  /** Makes everybody else drop these keys from memory, and ask the tier for what this process has changed there. */
  announce(keys: readonly string[]): Promise<boolean> {
    return this.#host.change(
      keys.map((key) => entryName(this.name, key)),
      () => Promise.resolve(),
    );
  }

  /** Makes everybody drop the entries with one of these tags; the empty tag stands for all entries. */
  invalidateTags(tags: readonly string[]): Promise<boolean> {
    return this.#host.change(tags.map((tag) => tagName(this.name, tag)));
  }

  /**
   * Gives up what a failed call may have left in the tier, such as a lease that others would wait for: it is invalidated as soon as the
   * tier can be reached.
   */
  abandon(keys: readonly string[], error: unknown): void {
    this.#host.abandon(
      keys.map((key) => entryName(this.name, key)),
      error,
    );
  }

  /** Puts values into the tier that are known to be the newest, and makes everybody else drop theirs. @returns their versions, where the tier has them */
  async put(values: readonly NewestValue[]): Promise<{ readonly versions: readonly number[]; readonly isTold: boolean }> {
    const named = values.map((value) => ({ ...value, key: entryName(this.name, value.key) }));
    const names = named.map(({ key }) => key);
    let versions: readonly number[] = [];
    const isTold = await this.#host.change(names, async (tier) => {
      versions = await tier.put(named);
    });
    return { versions, isTold };
  }
}
