import type { Clock } from '../clock.ts';
import { tagName, entryName } from '../coherence/name.ts';
import type { Space } from '../coherence/space.ts';
import { CacheError } from '../errors.ts';
import { MemoryCache } from '../memory/memory-cache.ts';
import { Compression } from '../tier/compression.ts';
import type { LeaseAnswer, LeaseRequest, Tier, TierRecord } from '../tier/tier.ts';
import type { Codec } from './codec.ts';
import type { Entry } from './entry.ts';
import { decodeEntry, encodeEntry } from './envelope.ts';

/** The right to store what is loaded now. */
export interface Lease {
  readonly version: number;
  /** When it was granted, in microseconds by the tier's clock. */
  readonly at: number;
}

/**
 * What looking for an entry in the shared tier brings.
 *
 * - `fresh`: it is there
 * - `leased`: load it and store it; `stale`: what was there has outlived its time
 * - `busy`: another instance loads it
 * - `alone`: the tier is not to be asked or does not answer; load it, and do not store it there
 */
export type SharedAnswer<V> =
  | { readonly kind: 'fresh'; readonly entry: Entry<V> }
  | { readonly kind: 'leased'; readonly lease: Lease; readonly stale: Entry<V> | undefined }
  | { readonly kind: 'busy'; readonly stale: Entry<V> | undefined }
  | { readonly kind: 'alone' };

/** Told of what went wrong in the shared tier and was got round. */
export interface SharedEntriesListener {
  /** The shared tier could not be asked. */
  tierFailed?(error: unknown): void;
  /** A value could not be encoded or decoded; it is loaded anew, and not shared. */
  unreadable?(key: string, error: unknown): void;
}

interface Wish {
  readonly key: string;
  /** What is to be replaced: see {@link LeaseRequest}. */
  readonly replaces: number;
}

/** A wish for a lease, and what was found that is to be replaced. */
interface LeaseWish<V> extends Wish {
  readonly stale?: Entry<V> | undefined;
}

/** What a record is good for. */
type Judged<V> = { readonly entry: Entry<V>; readonly isFresh: boolean } | undefined;

/** Most tags whose last clearing is remembered in this process. */
const maxTags = 10_000;
const alone = { kind: 'alone' } as const;
/** Over how many keys it is learned how often the tier has what is looked for, and from which share of them on it is read before it is asked for leases. */
const hitMemory = 32;
const worthReading = 0.5;

/** The entries of one space in the shared tier: encoded, with tags and times checked. Never rejects: where the tier fails, one is alone. */
export class SharedEntries<V> {
  readonly #space: Space;
  readonly #codec: Codec<V>;
  readonly #compression: Compression;
  readonly #clock: Clock;
  readonly #leaseMs: number;
  readonly #listener: SharedEntriesListener;
  /** When each tag was last cleared, by the tier's clock; kept in step by what others say. */
  readonly #clearings = new MemoryCache<number>({ maxEntries: maxTags, policy: 'lru' });
  /** 0 to 1: how often the tier had what was looked for, of late. */
  #hitShare = 1;
  /** Counts what was forgotten: an answer that was asked for before is not remembered after. */
  #forgotten = 0;

  /** @param options.leaseMs how long a load may take and still store; @param options.compressAboveBytes from which size on entries are packed */
  constructor(options: { space: Space; codec: Codec<V>; compressAboveBytes: number; clock: Clock; leaseMs: number; listener: SharedEntriesListener }) {
    this.#space = options.space;
    this.#codec = options.codec;
    this.#compression = new Compression({ minBytes: options.compressAboveBytes });
    this.#clock = options.clock;
    this.#leaseMs = options.leaseMs;
    this.#listener = options.listener;
  }

  /** @returns the fresh ones, in order */
  async read(keys: readonly string[]): Promise<readonly (Entry<V> | undefined)[]> {
    const tier = this.#space.tier;
    if (tier === undefined) return keys.map(() => undefined);
    const settled = keys.filter((key) => this.#space.isSettled(key));
    return this.#ask(
      async () => {
        const records = await tier.read(this.#namesOf(settled));
        const judged = await this.#judge(tier, settled, records);
        const byKey = new Map(settled.map((key, at) => [key, judged[at]]));
        return keys.map((key) => freshOf(byKey.get(key)));
      },
      keys.map(() => undefined),
    );
  }

  /** Looks for entries, and takes leases for those that are to be loaded. @returns one answer a wish, in order */
  async lease(wishes: readonly Wish[]): Promise<readonly SharedAnswer<V>[]> {
    const tier = this.#space.tier;
    if (tier === undefined) return wishes.map(() => alone);
    const settled = wishes.filter(({ key }) => this.#space.isSettled(key));
    const answers = await this.#ask(
      () => this.#leaseFrom(tier, settled),
      settled.map(() => alone),
      keysOf(settled),
    );
    if (settled.length === wishes.length) return answers;
    const byKey = new Map(settled.map(({ key }, at) => [key, answers[at] ?? alone]));
    return wishes.map(({ key }) => byKey.get(key) ?? alone);
  }

  /**
   * Stores what was loaded under leases.
   *
   * @returns for each its version, or `refused` where a change came between, or undefined where the tier does not say
   */
  async store(
    loaded: readonly { readonly key: string; readonly lease: Lease; readonly entry: Entry<V> }[],
  ): Promise<readonly (number | 'refused' | undefined)[]> {
    const tier = this.#space.tier;
    if (tier === undefined) return loaded.map(() => undefined);
    const now = this.#clock.now();
    const encoded = loaded.map(({ key, entry }) => this.#encode(key, entry));
    const values = loaded.flatMap(({ key, lease: { version }, entry }, at) => {
      const bytes = encoded[at];
      return bytes === undefined ? [] : [{ key: entryName(this.#space.name, key), version, bytes, ttlMs: Math.max(1, Math.ceil(entry.endsAt - now)) }];
    });
    const versions = await this.#ask(
      () => tier.store(values),
      values.map(() => Number.NaN),
      loaded.map(({ key }) => key),
    );
    let next = 0;
    return encoded.map((bytes) => {
      if (bytes === undefined) return undefined;
      const version = versions[next];
      next += 1;
      return version === undefined ? 'refused' : Number.isNaN(version) ? undefined : version;
    });
  }

  /** Gives leases back whose loads failed, so that others need not wait for their end. */
  async release(leases: readonly { readonly key: string; readonly lease: Lease }[]): Promise<void> {
    const tier = this.#space.tier;
    if (tier === undefined || leases.length === 0) return;
    const given = leases.map(({ key, lease: { version } }) => ({ key: entryName(this.#space.name, key), version }));
    await this.#ask(
      () => tier.release(given),
      undefined,
      leases.map(({ key }) => key),
    );
  }

  /** Puts a value there that is known to be the newest, and makes others drop theirs. @returns its version, where the tier has it, and whether all were told */
  async put(key: string, entry: Entry<V>): Promise<{ readonly version: number | undefined; readonly isTold: boolean }> {
    const bytes = this.#encode(key, entry);
    const ttlMs = Math.max(1, Math.ceil(entry.endsAt - this.#clock.now()));
    if (bytes === undefined) return { version: undefined, isTold: await this.#space.invalidate([key]) };
    const { versions, isTold } = await this.#space.put([{ key, bytes, ttlMs }]);
    return { version: versions[0], isTold };
  }

  /** Forgets when these tags were cleared, since they were again. */
  forgetTags(tags: readonly string[]): void {
    this.#forgotten += 1;
    for (const tag of tags) this.#clearings.delete(tag);
  }

  /** Forgets when any tag was cleared. */
  forgetAllTags(): void {
    this.#forgotten += 1;
    this.#clearings.clear();
  }

  async #leaseFrom(tier: Tier, wishes: readonly Wish[]): Promise<readonly SharedAnswer<V>[]> {
    const answers = await (this.#hitShare > worthReading ? this.#readAndLease(tier, wishes) : this.#leaseAtOnce(tier, wishes));
    const hits = answers.filter(({ kind }) => kind === 'fresh').length;
    this.#hitShare += (hits / answers.length - this.#hitShare) * Math.min(1, answers.length / hitMemory);
    return answers;
  }

  /** A plain read costs a tier half of what a lease does, and one that brings the value spares it. */
  async #readAndLease(tier: Tier, wishes: readonly Wish[]): Promise<readonly SharedAnswer<V>[]> {
    const records = await tier.read(this.#namesOf(keysOf(wishes)));
    const judged = await this.#judge(tier, keysOf(wishes), records);
    const answers = wishes.map(({ replaces }, at) => freshAnswer(judged[at], replaces));
    const open = wishes.flatMap(({ key, replaces }, at) =>
      answers[at] === undefined ? [{ key, replaces: Math.max(replaces, records[at]?.version ?? 0), stale: judged[at]?.entry }] : [],
    );
    const leased = open.length === 0 ? [] : await this.#leaseAtOnce(tier, open);
    let next = 0;
    return answers.map((answer) => answer ?? leased[next++] ?? alone);
  }

  async #leaseAtOnce(tier: Tier, wishes: readonly LeaseWish<V>[]): Promise<readonly SharedAnswer<V>[]> {
    const first = await tier.lease(this.#requests(wishes), this.#leaseMs);
    const judged = await this.#judge(tier, keysOf(wishes), first.map(recordOf));
    // What is there and has no use any more is replaced: its key is asked for once more.
    const again = wishes.flatMap(({ key }, at) => {
      const record = recordOf(first[at]);
      return record === undefined || judged[at]?.isFresh === true ? [] : [{ key, replaces: record.version }];
    });
    const second = again.length === 0 ? [] : await tier.lease(this.#requests(again), this.#leaseMs);
    const afterwards = new Map(again.map(({ key }, at) => [key, second[at]]));
    return wishes.map(({ key, stale }, at) => answerOf(afterwards.get(key) ?? first[at], judged[at], { stale, isSecond: afterwards.has(key) }));
  }

  #namesOf(keys: readonly string[]): readonly string[] {
    return keys.map((key) => entryName(this.#space.name, key));
  }

  #requests(wishes: readonly Wish[]): LeaseRequest[] {
    return wishes.map(({ key, replaces }) => ({ key: entryName(this.#space.name, key), replaces }));
  }

  /** @returns undefined where there is no record, or one that is unreadable or was cleared */
  async #judge(tier: Tier, keys: readonly string[], records: readonly (TierRecord | undefined)[]): Promise<readonly Judged<V>[]> {
    const entries = records.map((record, at) => (record === undefined ? undefined : this.#decode(keys[at] ?? '', record)));
    const tags = tagsOf(entries);
    if (tags.size === 0) return entries.map(() => undefined);
    const clearedAt = await this.#clearedAt(tier, tags);
    const now = this.#clock.now();
    return entries.map((entry) => {
      if (entry === undefined || entry.endsAt <= now || wasCleared(entry, clearedAt)) return undefined;
      return { entry, isFresh: entry.freshUntil > now };
    });
  }

  /** When tags were cleared, by the tier's clock, with the difference of its servers' clocks on top. */
  async #clearedAt(tier: Tier, tags: ReadonlySet<string>): Promise<ReadonlyMap<string, number>> {
    const known = new Map<string, number>();
    const unknown: string[] = [];
    for (const tag of tags) {
      // Being cleared just now: the tier may not know yet.
      const at = this.#space.isTagSettled(tag) ? this.#clearings.get(tag) : Infinity;
      if (at === undefined) unknown.push(tag);
      else known.set(tag, at);
    }
    if (unknown.length === 0) return known;
    const forgotten = this.#forgotten;
    const versions = await tier.versions(unknown.map((tag) => tagName(this.#space.name, tag)));
    for (const [i, tag] of unknown.entries()) {
      const version = versions[i] ?? 0;
      const at = version === 0 ? -Infinity : version + tier.maxClockSkewMs * 1000;
      if (forgotten === this.#forgotten) this.#clearings.set(tag, at);
      known.set(tag, at);
    }
    return known;
  }

  #encode(key: string, entry: Entry<V>): Uint8Array | undefined {
    try {
      return this.#compression.pack(encodeEntry(entry, this.#codec));
    } catch (error) {
      this.#listener.unreadable?.(key, error);
      return undefined;
    }
  }

  #decode(key: string, record: TierRecord): Entry<V> | undefined {
    try {
      return decodeEntry({ version: record.version, bytes: this.#compression.unpack(record.bytes) }, this.#codec);
    } catch (error) {
      this.#listener.unreadable?.(key, error);
      return undefined;
    }
  }

  /** @param leased keys whose leases may stay there if the question fails, also those that it was to take */
  async #ask<T>(question: () => Promise<T>, otherwise: T, leased: readonly string[] = []): Promise<T> {
    try {
      return await question();
    } catch (error) {
      this.#listener.tierFailed?.(error);
      const wasAsked = !(error instanceof CacheError && error.code === 'ERR_CACHE_TIER_SPARED');
      if (wasAsked && leased.length > 0) this.#space.abandon(leased, error);
      return otherwise;
    }
  }
}

function answerOf<V>(
  answer: LeaseAnswer | undefined,
  judged: Judged<V>,
  { stale = judged?.entry, isSecond }: { readonly stale: Entry<V> | undefined; readonly isSecond: boolean },
): SharedAnswer<V> {
  if (answer === undefined) return alone;
  if (answer.kind === 'leased') return { kind: 'leased', lease: answer, stale };
  // A value in the second answer came in between: whoever asks again finds it.
  if (answer.kind === 'busy' || isSecond || judged === undefined) return { kind: 'busy', stale };
  return { kind: 'fresh', entry: judged.entry };
}

/** @returns undefined where it is not what is wanted */
function freshAnswer<V>(judged: Judged<V>, replaces: number): SharedAnswer<V> | undefined {
  return judged?.isFresh === true && judged.entry.version > replaces ? { kind: 'fresh', entry: judged.entry } : undefined;
}

/** @returns what may have been cleared; nothing where there are no entries */
function tagsOf<V>(entries: readonly (Entry<V> | undefined)[]): ReadonlySet<string> {
  const tags = new Set<string>();
  for (const entry of entries) {
    if (entry === undefined) continue;
    tags.add('');
    for (const tag of entry.tags) tags.add(tag);
  }
  return tags;
}

function wasCleared<V>({ tags, loadedAt }: Entry<V>, clearedAt: ReadonlyMap<string, number>): boolean {
  const isAfter = (tag: string): boolean => (clearedAt.get(tag) ?? Infinity) >= loadedAt;
  return isAfter('') || tags.some(isAfter);
}

function keysOf(wishes: readonly Wish[]): readonly string[] {
  return wishes.map(({ key }) => key);
}

function recordOf(answer: LeaseAnswer | undefined): TierRecord | undefined {
  return answer?.kind === 'value' ? answer.record : undefined;
}

function freshOf<V>(judged: Judged<V>): Entry<V> | undefined {
  return judged?.isFresh === true ? judged.entry : undefined;
}
