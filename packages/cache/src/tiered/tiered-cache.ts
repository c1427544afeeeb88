import { processTimers } from '@midgard/pool';
import type { Clock } from '../clock.ts';
import { Coherence } from '../coherence/coherence.ts';
import type { Space } from '../coherence/space.ts';
import { type CachePolicy, completePolicy, staleMs } from './cache-policy.ts';
import { jsonCodec } from './codec.ts';
import { type Entry, type EntryOptions, type HeldEntry, isKept, newEntry } from './entry.ts';
import { Flights } from './flights.ts';
import { HeldEntries } from './held-entries.ts';
import type { Grip } from './grip.ts';
import type { Answer, AnswerSource, TieredCacheListener, TieredStats } from './listener.ts';
import { asMany, type Loader, type ManyLoader } from './loader.ts';
import { Loading } from './loading.ts';
import { protectors } from './protect.ts';
import { SharedEntries } from './shared-entries.ts';
import type { KeyFilter, TieredCacheOptions } from './tiered-cache-options.ts';
import { trusted } from './trusted.ts';

/** A lease outlives the load that it is for by the time that storing may take. */
const leaseMarginMs = 5000;
/** Where a load may take for ever, its lease may not. */
const longestLeaseMs = 300_000;
const noOptions: EntryOptions = {};

/**
 * A cache in two tiers, this process's memory and one that all instances share, which never gives out what a write has outdated.
 *
 * Call `delete` after the commit of each write. Once it resolves, no reader in this process gets an older value, however slow a load
 * was; in the others none does after the bound of their bus. Loads are made once at a time for each key, in all instances together.
 * A hit in memory is O(1) and waits for nothing.
 *
 * @example
 * ```ts
 * import { TieredCache } from '@midgard/cache';
 *
 * const players = new TieredCache<{ name: string }>({ space: 'player', memory: { maxEntries: 10_000 }, policy: { staleIfErrorMs: 60_000 } });
 * const { name } = await players.getOrLoad('42', async () => ({ name: 'Mira' }));
 * await players.delete('42'); // after the commit of a write
 * console.log(name);
 * ```
 */
export class TieredCache<V> {
  readonly #policy: CachePolicy;
  readonly #space: Space;
  readonly #held: HeldEntries<V>;
  readonly #shared: SharedEntries<V>;
  readonly #loading: Loading<V>;
  /** Looks at the shared tier alone, by readers without a loader. */
  readonly #looks = new Flights<Entry<V> | undefined>();
  readonly #protect: (value: V) => V;
  readonly #give: (value: V) => V;
  readonly #knownKeys: KeyFilter | undefined;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #listener: TieredCacheListener;
  readonly #answers = { memory: 0, shared: 0, loader: 0, stale: 0, none: 0 };

  /** @throws {CacheError} `ERR_CACHE_OPTIONS`: a bound, time or share out of its range, a bad or taken name of the space */
  constructor(options: TieredCacheOptions<V>) {
    const { coherence = new Coherence(), codec = jsonCodec<V>(), protect = 'freeze', knownKeys } = options;
    const { clock = Date, timers = processTimers, random = Math.random, listener = {} } = options;
    const policy = completePolicy(options.policy ?? {});
    this.#policy = policy;
    this.#clock = clock;
    this.#random = random;
    this.#listener = listener;
    this.#knownKeys = knownKeys;
    this.#protect = protectors[protect].keep;
    this.#give = protectors[protect].give;
    this.#held = new HeldEntries<V>({ bounds: options.memory, policy, clock, random });
    const member = {
      drop: (keys: readonly string[]) => this.#drop(keys),
      dropTags: (tags: readonly string[]) => this.#dropTags(tags),
      distrust: () => this.#distrust(),
    };
    this.#space = coherence.join(options.space, member, policy.maxTtlMs + staleMs(policy));
    const leaseMs = Math.min(policy.hardTimeoutMs + leaseMarginMs, longestLeaseMs);
    this.#shared = new SharedEntries<V>({ space: this.#space, codec, compressAboveBytes: policy.compressAboveBytes, clock, leaseMs, listener });
    const own = { space: this.#space, held: this.#held, shared: this.#shared, protect: this.#protect };
    this.#loading = new Loading<V>({ ...own, policy, clock, timers, random, listener });
  }

  /** The value, from memory or the shared tier, where it is fresh. Nothing is loaded. */
  async get(key: string): Promise<V | undefined> {
    return (await this.findMany([key]))[0]?.value;
  }

  /** As {@link get} for each key, in order; one round trip for all. */
  async getMany(keys: readonly string[]): Promise<readonly (V | undefined)[]> {
    return (await this.findMany(keys)).map((answer) => answer?.value);
  }

  /** As {@link getMany}, and says where each was: `undefined` is nowhere, an answer with the value `undefined` is known not to exist. */
  async findMany(keys: readonly string[]): Promise<readonly (Answer<V> | undefined)[]> {
    const held = keys.map((key) => this.#held.fresh(key));
    const missing = keys.filter((_, at) => held[at] === undefined);
    const looked = missing.length === 0 ? [] : await this.#look(missing);
    let next = 0;
    return held.map((entry, at) => {
      const found = entry ?? looked[next++];
      const source = entry === undefined ? 'shared' : this.#sourceOf(entry);
      this.#count(keys[at] ?? '', found === undefined ? undefined : source);
      return found === undefined ? undefined : { value: this.#give(found.value), source };
    });
  }

  /** The value if it is fresh in this process: no promise, no round trip, no load. O(1). */
  getInMemory(key: string): V | undefined {
    const held = this.#held.fresh(key);
    return held === undefined ? undefined : this.#give(held.value);
  }

  /**
   * The value if it is fresh in this process, and what it takes to ask for it again without its key: for who keeps something that was made
   * from it. No use is counted. O(1).
   */
  grip(key: string): Grip<V> | undefined {
    const found = this.#held.ticketOf(key);
    if (found === undefined) return undefined;
    const { held, ticket } = found;
    return { value: this.#give(held.value), ticket, until: Math.min(held.checkAt, held.freshUntil, held.refreshAt) };
  }

  /** Whether what a {@link grip} with this ticket was of may still be given out, where its time is not over. O(1), no look-up. */
  holds(slot: number, stamp: number): boolean {
    return this.#held.holds(slot, stamp);
  }

  /**
   * Counts answers that were given out for grips which {@link holds}.
   *
   * @param slot of one of them, whose value counts as used
   * @param answers how many there were, at least 1
   */
  noteUses(slot: number, answers: number): void {
    this.#held.use(slot);
    this.#answers.memory += answers;
    this.#listener.answeredFromGrip?.(answers);
  }

  /**
   * The value from memory, from the shared tier, from a load under way in any instance, or from this loader.
   *
   * @param loader reads the source of truth; where it depends on more than the key, the key must say it all
   * @param options of what is kept; the loader may say better
   * @throws what the loader throws, where there is no stale value to give; a `CacheError`, `ERR_CACHE_LOADER_TIMEOUT`
   */
  getOrLoad(key: string, loader: Loader<V>, options: EntryOptions = noOptions): Promise<V> {
    const held = this.#held.fresh(key);
    // No more promises than one: this is the way that nearly every read goes.
    if (held !== undefined) return Promise.resolve(this.#hit(key, held, loader, options));
    return this.#miss(key, loader, options).then((answer) => this.#received(key, answer));
  }

  /** As {@link getOrLoad}, and says where the value came from. */
  answer(key: string, loader: Loader<V>, options: EntryOptions = noOptions): Promise<Answer<V>> {
    const held = this.#held.fresh(key);
    if (held === undefined)
      return this.#miss(key, loader, options).then((answer) => ({ value: this.#received(key, answer), source: answer?.source ?? 'memory' }));
    const source = this.#sourceOf(held);
    return Promise.resolve({ value: this.#hit(key, held, loader, options), source });
  }

  /**
   * As {@link getOrLoad} for many keys: one round trip to the shared tier, one call of the loader for all that are nowhere.
   *
   * @throws as `getOrLoad`; also `ERR_CACHE_LOADER`: the loader gave not one value for each key
   */
  async getOrLoadMany(keys: readonly string[], loader: ManyLoader<V>, options: EntryOptions = noOptions): Promise<readonly V[]> {
    const held = keys.map((key) => this.#held.fresh(key));
    const missing = keys.filter((key, at) => held[at] === undefined && this.#mightExist(key));
    const loaded = missing.length === 0 ? [] : await Promise.all(this.#loading.answers(missing, loader, options));
    const byKey = new Map(missing.map((key, at) => [key, loaded[at]]));
    return held.map((entry, at) => {
      const key = keys[at] ?? '';
      if (entry !== undefined) return this.#hit(key, entry, asOne(loader), options);
      return this.#received(key, byKey.get(key));
    });
  }

  /**
   * Stores a value that is known to be the newest, everywhere. Of two writers at once the one that comes last to the shared tier wins: where
   * that may be wrong, `delete` after the commit instead.
   *
   * @returns whether all instances were told; if not, they are as soon as they can be reached
   */
  async set(key: string, value: V, options: EntryOptions = noOptions): Promise<boolean> {
    const now = this.#clock.now();
    // The time by this clock would say nothing beside that of a clearing: what is put is as old as its version.
    const entry = newEntry(this.#protect(value), { policy: this.#policy, options, now, loadedAt: Infinity, random: this.#random() });
    this.#drop([key]);
    if (!isKept(entry, options, now)) return this.#space.invalidate([key]);
    this.#held.hold(key, entry, this.#space);
    if (options.isShared === false) return this.#space.invalidate([key]);
    const { version, isTold } = await this.#shared.put(key, entry);
    if (version !== undefined) this.#held.wasStored(key, entry, version);
    return isTold;
  }

  /**
   * Drops keys after a write to their source, here at once and everywhere else.
   *
   * @returns when the shared tier and the bus have been told: `true`; or have failed: `false`, then they are told as soon as they can be
   */
  delete(...keys: readonly string[]): Promise<boolean> {
    this.#drop(keys);
    return this.#space.invalidate(keys);
  }

  /**
   * Ends the time of keys' values ahead of it, here and everywhere: the next reader loads, and where the policy allows stale values it may get
   * the one of before. Not for after a write, which that value would not know of: see {@link delete}.
   *
   * @returns as `delete`
   */
  expire(...keys: readonly string[]): Promise<boolean> {
    if (staleMs(this.#policy) === 0) return this.delete(...keys);
    for (const key of keys) {
      this.#loading.drop(key);
      this.#looks.drop(key);
      this.#held.expire(key);
    }
    return this.#shared.expire(keys);
  }

  /** As {@link delete}, for all entries with one of these tags. */
  deleteTags(...tags: readonly string[]): Promise<boolean> {
    this.#dropTags(tags);
    return this.#space.invalidateTags(tags);
  }

  /** As {@link delete}, for all entries of the space. */
  clear(): Promise<boolean> {
    return this.deleteTags('');
  }

  /** What can be given out from memory now, in no order; of a copy in time, without counting as uses. */
  *entries(): Generator<readonly [key: string, value: V]> {
    for (const [key, value] of this.#held.entries()) yield [key, this.#give(value)];
  }

  /** The keys in memory that it would keep longest, the dearest first. O(entries). */
  hottest(count: number): readonly string[] {
    return this.#held.hottest(count);
  }

  /** The counts since it was made, and what is in memory. */
  stats(): TieredStats {
    const { entries, bytes, evictions } = this.#held.stats();
    return { ...this.#answers, entries, bytes, evictions };
  }

  #hit(key: string, held: HeldEntry<V>, loader: Loader<V>, options: EntryOptions): V {
    this.#count(key, this.#sourceOf(held));
    if (held.refreshAt !== Infinity && this.#clock.now() >= held.refreshAt) this.#loading.refresh(key, held.version, asMany(loader), options);
    return this.#give(held.value);
  }

  #miss(key: string, loader: Loader<V>, options: EntryOptions): Promise<Answer<V> | undefined> {
    return this.#mightExist(key) ? this.#loading.answer(key, loader, options) : Promise.resolve(undefined);
  }

  #received(key: string, answer: Answer<V> | undefined): V {
    this.#count(key, answer?.source);
    return answer === undefined ? trusted(undefined) : this.#give(answer.value);
  }

  /** @returns for each what the shared tier has of it */
  async #look(keys: readonly string[]): Promise<readonly (Entry<V> | undefined)[]> {
    const begun = keys.flatMap((key) => (this.#looks.of(key) === undefined ? [this.#looks.begin(key)] : []));
    const waiting = keys.map(async (key) => this.#looks.of(key)?.promise);
    const found = begun.length === 0 ? [] : await this.#shared.find(begun.map(({ key }) => key));
    for (const [at, look] of begun.entries()) {
      const { entry, isFresh = false } = found?.[at] ?? {};
      const kept = entry === undefined || !isFresh ? undefined : { ...entry, value: this.#protect(entry.value) };
      this.#looks.end(look);
      if (kept !== undefined && !look.isLost) this.#held.hold(look.key, kept, this.#space);
      look.land(kept);
    }
    return Promise.all(waiting);
  }

  #mightExist(key: string): boolean {
    return this.#knownKeys?.mightExist(key) ?? true;
  }

  #sourceOf({ freshUntil }: HeldEntry<V>): AnswerSource {
    // Only a policy that gives out stale values pays for the clock.
    return staleMs(this.#policy) > 0 && this.#clock.now() >= freshUntil ? 'stale' : 'memory';
  }

  #count(key: string, source: AnswerSource | undefined): void {
    this.#answers[source ?? 'none'] += 1;
    this.#listener.answered?.(key, source);
  }

  #drop(keys: readonly string[]): void {
    for (const key of keys) {
      this.#loading.drop(key);
      this.#looks.drop(key);
      this.#held.drop(key);
      this.#knownKeys?.add(key);
    }
  }

  #dropTags(tags: readonly string[]): void {
    // What is under way may turn out to have the tag.
    this.#loading.dropAll();
    this.#looks.dropAll();
    this.#shared.forgetTags(tags);
    this.#held.dropTags(tags);
  }

  #distrust(): void {
    this.#loading.dropAll();
    this.#looks.dropAll();
    this.#shared.forgetAllTags();
    this.#held.distrust();
    this.#knownKeys?.distrust();
  }
}

function asOne<V>(loader: ManyLoader<V>): Loader<V> {
  return async (key, load) => {
    const [value] = await loader([key], load);
    return value === undefined ? trusted(undefined) : value;
  };
}
