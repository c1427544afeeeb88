import type { Clock } from '../clock.ts';
import { entryName } from '../coherence/name.ts';
import type { Space } from '../coherence/space.ts';
import { CacheError } from '../errors.ts';
import { Compression } from '../tier/compression.ts';
import type { LeaseAnswer, LeaseRequest, Tier, TierRecord } from '../tier/tier.ts';
import { Clearings } from './clearings.ts';
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
  /** The shared tier answered, or did not, after so many milliseconds. Without this member nobody measures. */
  tierAsked?(ms: number): void;
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

/** What the tier has of a key. */
export interface Found<V> {
  readonly version: number;
  /** Undefined: what is there is unreadable, or was cleared, or has no use any more. */
  readonly entry: Entry<V> | undefined;
  readonly isFresh: boolean;
}

const alone = { kind: 'alone' } as const;
/** Over how many keys it is learned how often the tier has what is looked for, and from which share of them on it is worth reading first. */
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
  readonly #clearings: Clearings;
  /** 0 to 1: how often the tier had what was looked for, of late. */
  #hitShare = 1;

  /** @param options.leaseMs how long a load may take and still store; @param options.compressAboveBytes from which size on entries are packed */
  constructor(options: { space: Space; codec: Codec<V>; compressAboveBytes: number; clock: Clock; leaseMs: number; listener: SharedEntriesListener }) {
    this.#space = options.space;
    this.#clearings = new Clearings(options.space);
    this.#codec = options.codec;
    this.#compression = new Compression({ minBytes: options.compressAboveBytes });
    this.#clock = options.clock;
    this.#leaseMs = options.leaseMs;
    this.#listener = options.listener;
  }

  /** Whether the tier mostly has what is looked for: then a plain read first costs it a tenth of what a lease does, and mostly spares that. */
  get isWorthReading(): boolean {
    return this.#hitShare > worthReading && this.#space.tier !== undefined;
  }

  /** Looks for entries. @returns for each key what is there, if anything; undefined: the tier does not answer */
  async find(keys: readonly string[]): Promise<readonly (Found<V> | undefined)[] | undefined> {
    const tier = this.#space.tier;
    if (tier === undefined) return undefined;
    const asked = keys.every((key) => this.#space.isSettled(key)) ? keys : keys.filter((key) => this.#space.isSettled(key));
    try {
      const found = this.#judge(tier, asked, await this.#measured(tier.read(this.#namesOf(asked))));
      const inOrder = found instanceof Promise ? await found : found;
      this.#learn(inOrder);
      if (asked === keys) return inOrder;
      const byKey = new Map(asked.map((key, at) => [key, inOrder[at]]));
      return keys.map((key) => byKey.get(key));
    } catch (error) {
      this.#listener.tierFailed?.(error);
      return undefined;
    }
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
    const byKey = new Map(
      loaded.flatMap(({ key, lease: { version }, entry }) => {
        const bytes = this.#encode(key, entry);
        return bytes === undefined ? [] : [[key, { key: entryName(this.#space.name, key), version, bytes, ttlMs: leftMs(entry, now) }] as const];
      }),
    );
    // Nobody is to wait for a value that cannot be shared.
    await this.release(loaded.filter(({ key }) => !byKey.has(key)));
    const versions = await this.#ask(() => tier.store([...byKey.values()]), undefined, [...byKey.keys()]);
    if (versions === undefined) return loaded.map(() => undefined);
    const outcomes = new Map([...byKey.keys()].map((key, at) => [key, versions[at] ?? ('refused' as const)]));
    return loaded.map(({ key }) => outcomes.get(key));
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
    if (bytes === undefined) return { version: undefined, isTold: await this.#space.invalidate([key]) };
    const { versions, isTold } = await this.#space.put([{ key, bytes, ttlMs: leftMs(entry, this.#clock.now()) }]);
    return { version: versions[0], isTold };
  }

  /** Ends the time of entries everywhere but in this process; what is not there to be kept as a stale one is invalidated. @returns whether all were told */
  async expire(keys: readonly string[]): Promise<boolean> {
    const now = this.#clock.now();
    const found = (await this.find(keys)) ?? [];
    const fresh = keys.flatMap((key, at) => {
      const { entry, isFresh = false, version = 0 } = found[at] ?? {};
      return entry !== undefined && isFresh ? [{ key, entry: { ...entry, freshUntil: now }, replaces: version }] : [];
    });
    // Under a lease, which a write that comes between takes away.
    const leases = fresh.length === 0 ? [] : await this.lease(fresh);
    const leased = fresh.flatMap(({ key, entry }, at) => {
      const answer = leases[at];
      return answer?.kind === 'leased' ? [{ key, entry, lease: answer.lease }] : [];
    });
    const outcomes = leased.length === 0 ? [] : await this.store(leased);
    const kept = new Set(leased.flatMap(({ key }, at) => (typeof outcomes[at] === 'number' ? [key] : [])));
    const gone = keys.filter((key) => !kept.has(key));
    const told = [kept.size > 0 && this.#space.announce([...kept]), gone.length > 0 && this.#space.invalidate(gone)];
    return !(await Promise.all(told.filter((one) => one !== false))).includes(false);
  }

  /** Forgets when these tags were cleared, since they were again. */
  forgetTags(tags: readonly string[]): void {
    this.#clearings.forget(tags);
  }

  /** Forgets when any tag was cleared. */
  forgetAllTags(): void {
    this.#clearings.forgetAll();
  }

  async #leaseFrom(tier: Tier, wishes: readonly Wish[]): Promise<readonly SharedAnswer<V>[]> {
    const first = await tier.lease(this.#requests(wishes), this.#leaseMs);
    const found = await this.#judge(tier, keysOf(wishes), first.map(recordOf));
    // After a plain read only those come here that it did not find.
    if (!this.isWorthReading) this.#learn(found);
    // What is there and has no use any more is replaced: its key is asked for once more.
    const again = wishes.flatMap(({ key }, at) => {
      const { version = 0, isFresh = true } = found[at] ?? {};
      return isFresh ? [] : [{ key, replaces: version }];
    });
    const second = again.length === 0 ? [] : await tier.lease(this.#requests(again), this.#leaseMs);
    const afterwards = new Map(again.map(({ key }, at) => [key, second[at]]));
    return wishes.map(({ key }, at) => answerOf(afterwards.get(key) ?? first[at], found[at], afterwards.has(key)));
  }

  #learn(found: readonly (Found<V> | undefined)[]): void {
    if (found.length === 0) return;
    let hits = 0;
    for (const one of found) if (one?.isFresh === true) hits += 1;
    this.#hitShare += (hits / found.length - this.#hitShare) * Math.min(1, found.length / hitMemory);
  }

  #namesOf(keys: readonly string[]): readonly string[] {
    return keys.map((key) => entryName(this.#space.name, key));
  }

  #requests(wishes: readonly Wish[]): LeaseRequest[] {
    return wishes.map(({ key, replaces }) => ({ key: entryName(this.#space.name, key), replaces }));
  }

  /** Says what records are good for; at once, unless the tier has to be asked when their tags were cleared. */
  #judge(
    tier: Tier,
    keys: readonly string[],
    records: readonly (TierRecord | undefined)[],
  ): readonly (Found<V> | undefined)[] | Promise<readonly (Found<V> | undefined)[]> {
    const now = this.#clock.now();
    let isUnknown = false;
    const found = records.map((record, at): Found<V> | undefined => {
      if (record === undefined) return undefined;
      const entry = this.#decode(keys[at] ?? '', record);
      if (entry === undefined || entry.endsAt <= now) return { version: record.version, entry: undefined, isFresh: false };
      const isCleared = this.#clearings.hasCleared(entry);
      isUnknown ||= isCleared === undefined;
      return { version: record.version, entry: isCleared === true ? undefined : entry, isFresh: isCleared !== true && entry.freshUntil > now };
    });
    return isUnknown ? this.#withoutCleared(tier, found) : found;
  }

  async #withoutCleared(tier: Tier, found: readonly (Found<V> | undefined)[]): Promise<readonly (Found<V> | undefined)[]> {
    const isCleared = await this.#clearings.learn(
      tier,
      found.flatMap((one) => one?.entry?.tags ?? []),
    );
    return found.map((one) => (one?.entry === undefined || !isCleared(one.entry) ? one : { version: one.version, entry: undefined, isFresh: false }));
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

  /** The question itself where nobody listens: a promise more would cost each of them a turn. */
  #measured<T>(question: Promise<T>): Promise<T> {
    if (this.#listener.tierAsked === undefined) return question;
    const askedAt = performance.now();
    return question.finally(() => this.#listener.tierAsked?.(performance.now() - askedAt));
  }

  /** @param leased keys whose leases may stay there if the question fails, also those that it was to take */
  async #ask<T>(question: () => Promise<T>, otherwise: T, leased: readonly string[] = []): Promise<T> {
    try {
      return await this.#measured(question());
    } catch (error) {
      this.#listener.tierFailed?.(error);
      const wasAsked = !(error instanceof CacheError && error.code === 'ERR_CACHE_TIER_SPARED');
      if (wasAsked && leased.length > 0) this.#space.abandon(leased, error);
      return otherwise;
    }
  }
}

function answerOf<V>(answer: LeaseAnswer | undefined, found: Found<V> | undefined, isSecond: boolean): SharedAnswer<V> {
  if (answer === undefined) return alone;
  if (answer.kind === 'leased') return { kind: 'leased', lease: answer, stale: found?.entry };
  // A value in the second answer came in between: whoever asks again finds it.
  if (answer.kind === 'busy' || isSecond || found?.entry === undefined) return { kind: 'busy', stale: found?.entry };
  return { kind: 'fresh', entry: found.entry };
}

/** What is left of an entry's life, in whole milliseconds as tiers count. */
function leftMs<V>({ endsAt }: Entry<V>, now: number): number {
  return Math.max(1, Math.ceil(endsAt - now));
}

function keysOf(wishes: readonly Wish[]): readonly string[] {
  return wishes.map(({ key }) => key);
}

function recordOf(answer: LeaseAnswer | undefined): TierRecord | undefined {
  return answer?.kind === 'value' ? answer.record : undefined;
}
