import type { Clock } from '../clock.ts';
import { CacheError } from '../errors.ts';
import type { LeaseAnswer, LeasedValue, LeaseRequest, NewestValue, Tier, TierRecord } from './tier.ts';

/** The bounds of a {@link MemoryTier}. */
export interface MemoryTierOptions {
  /** Most keys, those without a value counted too; what was written longest ago goes first. Default 100,000. */
  readonly maxEntries?: number;
  /** Most bytes of all values together. Default: no bound. */
  readonly maxBytes?: number;
  /** Default: `Date`. */
  readonly clock?: Clock;
}

interface Entry {
  version: number;
  bytes: Uint8Array | undefined;
  /** When the value ends, or where there is none, when its version is forgotten. Milliseconds, as all ends here. */
  endsAt: number;
  leaseVersion: number;
  leaseEndsAt: number;
}

const rememberByDefaultMs = 60_000;
const usOfMs = 1000;

/**
 * The tier that lives in this process: the plain statement of what a {@link Tier} is, against which the others are held.
 *
 * For tests and for a single process. Everything is O(1) for each key. Without a timer: what has ended falls when it is met, or
 * when it is the oldest and its room is needed.
 *
 * @example
 * ```ts
 * import { MemoryTier } from '@midgard/cache';
 *
 * const tier = new MemoryTier({ maxEntries: 1000 });
 * const [answer] = await tier.lease([{ key: 'player:42' }], 5000);
 * if (answer?.kind === 'leased') await tier.store([{ key: 'player:42', version: answer.version, bytes: Buffer.from('Mira'), ttlMs: 60_000 }]);
 * ```
 */
export class MemoryTier implements Tier {
  readonly maxClockSkewMs = 0;
  /** In the order in which they were written. */
  readonly #entries = new Map<string, Entry>();
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  #heldBytes = 0;
  /** One for all keys, so that it rises also over what has been forgotten. */
  #lastVersion = 0;
  #isClosed = false;

  /** @throws {CacheError} `ERR_CACHE_OPTIONS`: a bound is not a positive number */
  constructor({ maxEntries = 100_000, maxBytes = Infinity, clock = Date }: MemoryTierOptions = {}) {
    for (const [name, bound] of Object.entries({ maxEntries, maxBytes })) {
      if (!(bound > 0)) throw new CacheError('ERR_CACHE_OPTIONS', `${name} must be a positive number, not ${bound}`);
    }
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
  }

  read(keys: readonly string[]): Promise<readonly (TierRecord | undefined)[]> {
    return this.#each(keys, (key) => recordOf(this.#entries.get(key), this.#clock.now()));
  }

  lease(requests: readonly LeaseRequest[], leaseMs: number): Promise<readonly LeaseAnswer[]> {
    return this.#each(requests, (request) => this.#leaseOne(request, leaseMs));
  }

  store(values: readonly LeasedValue[]): Promise<readonly (number | undefined)[]> {
    return this.#each(values, ({ key, version, bytes, ttlMs }) => {
      const entry = this.#entries.get(key);
      if (entry?.leaseVersion !== version || entry.leaseEndsAt <= this.#clock.now()) return undefined;
      this.#write(key, version, bytes, ttlMs);
      return version;
    });
  }

  async release(leases: readonly { readonly key: string; readonly version: number }[]): Promise<void> {
    await this.#each(leases, ({ key, version }) => {
      const entry = this.#entries.get(key);
      if (entry?.leaseVersion === version) entry.leaseEndsAt = 0;
    });
  }

  put(values: readonly NewestValue[]): Promise<readonly number[]> {
    return this.#each(values, ({ key, bytes, ttlMs }) => this.#write(key, this.#nextVersion(), bytes, ttlMs));
  }

  invalidate(keys: readonly string[], rememberMs: number = rememberByDefaultMs): Promise<readonly number[]> {
    return this.#each(keys, (key) => this.#write(key, this.#nextVersion(), undefined, Math.max(rememberMs, this.#rememberedMs(key))));
  }

  versions(keys: readonly string[]): Promise<readonly number[]> {
    return this.#each(keys, (key) => {
      const entry = this.#entries.get(key);
      const now = this.#clock.now();
      if (entry === undefined) return 0;
      if (now < entry.endsAt) return entry.version;
      return now < entry.leaseEndsAt ? entry.leaseVersion : 0;
    });
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#entries.clear();
    return Promise.resolve();
  }

  #leaseOne({ key, replaces = 0 }: LeaseRequest, leaseMs: number): LeaseAnswer {
    const now = this.#clock.now();
    const entry = this.#entries.get(key);
    const record = recordOf(entry, now);
    if (record !== undefined && record.version > replaces) return { kind: 'value', record };
    if (entry !== undefined && now < entry.leaseEndsAt) return { kind: 'busy' };
    const version = this.#nextVersion();
    const leased = record === undefined || entry === undefined ? this.#entryForLease(key, version, leaseMs) : entry;
    leased.leaseVersion = version;
    leased.leaseEndsAt = now + leaseMs;
    return { kind: 'leased', version, at: now * usOfMs };
  }

  /** An entry without a value, which remembers for as long as the one in whose place it comes. */
  #entryForLease(key: string, version: number, leaseMs: number): Entry {
    return this.#add(key, {
      version,
      bytes: undefined,
      endsAt: this.#clock.now() + Math.max(leaseMs, this.#rememberedMs(key)),
      leaseVersion: 0,
      leaseEndsAt: 0,
    });
  }

  #rememberedMs(key: string): number {
    const entry = this.#entries.get(key);
    return entry?.bytes === undefined ? (entry?.endsAt ?? 0) - this.#clock.now() : 0;
  }

  #write(key: string, version: number, bytes: Uint8Array | undefined, lastsMs: number): number {
    const own = bytes === undefined ? undefined : new Uint8Array(bytes);
    this.#add(key, { version, bytes: own, endsAt: this.#clock.now() + lastsMs, leaseVersion: 0, leaseEndsAt: 0 });
    return version;
  }

  #add(key: string, entry: Entry): Entry {
    this.#drop(key);
    this.#entries.set(key, entry);
    this.#heldBytes += entry.bytes?.length ?? 0;
    for (const [oldest] of this.#entries) {
      if (this.#entries.size <= this.#maxEntries && this.#heldBytes <= this.#maxBytes) break;
      this.#drop(oldest);
    }
    return entry;
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#heldBytes -= entry.bytes?.length ?? 0;
    this.#entries.delete(key);
  }

  #nextVersion(): number {
    this.#lastVersion = Math.max(this.#lastVersion + 1, this.#clock.now() * usOfMs);
    return this.#lastVersion;
  }

  #each<I, O>(inputs: readonly I[], make: (input: I) => O): Promise<readonly O[]> {
    if (this.#isClosed) return Promise.reject(new CacheError('ERR_CACHE_TIER', 'the tier is closed'));
    return Promise.resolve(inputs.map(make));
  }
}

function recordOf(entry: Entry | undefined, now: number): TierRecord | undefined {
  return entry?.bytes === undefined || entry.endsAt <= now ? undefined : { version: entry.version, bytes: entry.bytes };
}
