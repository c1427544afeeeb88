import { processTimers, type Timer, type Timers } from '@midgard/pool';
import type { InvalidationBus } from '../bus/bus.ts';
import type { Clock } from '../clock.ts';
import { CacheError } from '../errors.ts';
import type { Tier } from '../tier/tier.ts';
import { Journal } from './journal.ts';
import { decodeNames, encodeNames, isSpaceName, parseName } from './name.ts';
import { Space, type SpaceHost } from './space.ts';

/** What keeps entries of a space in this process, and must let go of what others have changed. */
export interface SpaceMember {
  /** These were changed: neither they nor loads of them that are under way may be given out any more. */
  drop(keys: readonly string[]): void;
  /** All entries with one of these tags were; the empty tag stands for all entries. */
  dropTags(tags: readonly string[]): void;
  /** Anything may have been changed: ask before an entry is given out again. */
  distrust(): void;
}

/** Hears what {@link Coherence} does; for metrics and logs. */
export interface CoherenceListener {
  /** Words of others may be missed from now on, or were. */
  lost?(cause: 'gap' | 'away'): void;
  /** Words of others are heard again. */
  joined?(): void;
  /** What this process keeps is asked for anew, since it could not be told of changes. */
  distrusted?(): void;
  /** The shared tier or the others could not be told of changes; it is tried again. `waiting`: names that wait. */
  invalidationFailed?(error: unknown, waiting: number): void;
}

/** Set-up of {@link Coherence}. */
export interface CoherenceOptions {
  /** What the instances share; without it each loads for itself. Put a breaker around one that is reached over a network. */
  readonly tier?: Tier;
  /** How they hear of each other's changes; without it only times of life bound how old a value may be in another process. */
  readonly bus?: InvalidationBus;
  /** Longest time that a value lives in memory while others cannot be heard, milliseconds (default 5 000). */
  readonly awayTtlMs?: number;
  /**
   * How long after an outage the shared tier is not read yet, milliseconds (default 1 000): so long others may need to reconnect and to
   * invalidate there what they changed meanwhile.
   */
  readonly settleMs?: number;
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly listener?: CoherenceListener;
}

const defaultAwayTtlMs = 5000;
const defaultSettleMs = 1000;
const firstRetryMs = 50;
const maxRetryMs = 2000;
/** Names in one message and one call of the tier. */
const maxBatch = 1000;

/**
 * Keeps what this process has in memory in step with the shared tier and with other processes.
 *
 * A change goes: dropped here, invalidated in the tier (which ends leases, so that no load of before can store), told to the others.
 * - What could not be told is written down and tried again, and until then not read from the tier here.
 * - While others cannot be heard, entries live `awayTtlMs` at most and the tier is not read.
 * - When they are heard again, everything in memory is asked for anew; what was invalidated in the last ten seconds is invalidated again,
 *   for a server that took over and may not know; and the tier is read after `settleMs`, when the others have done the same.
 *
 * @example
 * ```ts
 * import { Coherence, TieredCache } from '@midgard/cache';
 *
 * const coherence = new Coherence(); // alone; with `tier` and `bus` from @midgard/cache/redis, together with others
 * await coherence.start();
 * const players = new TieredCache<string>({ space: 'player', coherence, memory: { maxEntries: 10_000 } });
 * console.log(await players.getOrLoad('42', async () => 'Mira'));
 * ```
 */
export class Coherence {
  readonly #tier: Tier | undefined;
  readonly #bus: InvalidationBus | undefined;
  readonly #awayTtlMs: number;
  readonly #settleMs: number;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #listener: CoherenceListener;
  readonly #journal = new Journal();
  readonly #members = new Map<string, { readonly member: SpaceMember; readonly rememberMs: number }>();
  readonly #host: SpaceHost;
  /** Whether every word of the others arrives. */
  #hears: boolean;
  #wasAway = false;
  #settledAt = 0;
  #expiry: Timer | undefined;
  #retry: Timer | undefined;
  #retries = 0;
  #isClosed = false;

  /** @throws {CacheError} `ERR_CACHE_OPTIONS`: a time is not above 0 */
  constructor(options: CoherenceOptions = {}) {
    const { awayTtlMs = defaultAwayTtlMs, settleMs = defaultSettleMs } = options;
    if (!(awayTtlMs > 0)) throw new CacheError('ERR_CACHE_OPTIONS', 'awayTtlMs must be above 0');
    if (!(settleMs >= 0)) throw new CacheError('ERR_CACHE_OPTIONS', 'settleMs must be 0 or more');
    this.#tier = options.tier;
    this.#bus = options.bus;
    this.#awayTtlMs = awayTtlMs;
    this.#settleMs = settleMs;
    this.#clock = options.clock ?? Date;
    this.#timers = options.timers ?? processTimers;
    this.#listener = options.listener ?? {};
    this.#hears = options.bus === undefined;
    const journal = this.#journal;
    this.#host = {
      get waiting() {
        return journal.size;
      },
      trustedTier: () => (this.#isTierTrusted() ? this.#tier : undefined),
      isPending: (name) => journal.isPending(name),
      memoryTtlMs: (ttlMs) => (this.#hears ? ttlMs : Math.min(ttlMs, this.#awayTtlMs)),
      abandon: (names, error) => {
        this.#journal.add(names);
        this.#failed(error);
      },
      change: (names, tell) => this.#change(names, tell),
    };
  }

  /** `alone`: nobody to share with; `joined`: in step with the others; `away`: they cannot be heard. */
  get state(): 'alone' | 'joined' | 'away' {
    if (this.#bus === undefined && this.#tier === undefined) return 'alone';
    return this.#hears ? 'joined' : 'away';
  }

  /** Names whose invalidation waits for the shared tier or the bus. */
  get waiting(): number {
    return this.#journal.size;
  }

  /** Begins to listen. Does not wait for a server that is away. */
  async start(): Promise<void> {
    await this.#bus?.start({ heard: (message) => this.#heard(message), lost: (cause) => this.#lost(cause), joined: () => this.#joined() });
  }

  /**
   * Takes in what keeps the entries of a space in this process.
   *
   * @param name 1 to 200 characters without `/` and `#`; the same in all processes
   * @param rememberMs longest life of an entry of the space, milliseconds: so long the tier remembers that a tag was cleared
   * @throws {CacheError} `ERR_CACHE_OPTIONS`: no such name, or it is taken in this process
   */
  join(name: string, member: SpaceMember, rememberMs: number): Space {
    if (!isSpaceName(name)) throw new CacheError('ERR_CACHE_OPTIONS', 'a space is named by 1 to 200 characters, none of them "/" or "#"');
    if (this.#members.has(name)) throw new CacheError('ERR_CACHE_OPTIONS', `the space "${name}" is there twice`);
    this.#members.set(name, { member, rememberMs });
    return new Space(name, this.#host);
  }

  /** Ends the bus and the tier. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#expiry?.cancel();
    this.#retry?.cancel();
    await this.#bus?.close();
    await this.#tier?.close();
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #isTierTrusted(): boolean {
    // After a gap in what is heard the tier is still right; after an outage it is once the others have caught up.
    return this.#tier !== undefined && !this.#wasAway && (this.#settledAt === 0 || this.#clock.now() >= this.#settledAt);
  }

  /** @param tell changes the tier; the names are told to the others after it */
  async #change(names: readonly string[], tell: (tier: Tier) => Promise<unknown> = (tier) => this.#invalidate(tier, names)): Promise<boolean> {
    if (this.#tier === undefined && this.#bus === undefined) return true;
    const wish = this.#journal.add(names);
    const told = this.#tier === undefined ? undefined : await failureOf(tell(this.#tier));
    // Also after a failure: it drops what they have in memory, and they hear it again once the tier knows.
    const said = this.#bus === undefined ? undefined : await failureOf(this.#bus.publish(encodeNames(names)));
    const failure = told ?? said;
    if (failure === undefined) this.#journal.settle(names, wish, this.#clock.now());
    else this.#failed(failure.error);
    return failure === undefined;
  }

  async #invalidate(tier: Tier, names: readonly string[]): Promise<void> {
    const { entry: entries = [], tag: tags = [] } = Object.groupBy(names, (name) => parseName(name)?.kind ?? 'entry');
    if (entries.length > 0) await tier.invalidate(entries);
    // One by one: few are cleared at a time, and each space has its own time to remember.
    for (const tag of tags) await tier.invalidate([tag], this.#members.get(parseName(tag)?.space ?? '')?.rememberMs);
  }

  #failed(error: unknown): void {
    this.#listener.invalidationFailed?.(error, this.#journal.size);
    if (this.#retry !== undefined || this.#isClosed) return;
    const delayMs = Math.min(firstRetryMs * 2 ** this.#retries, maxRetryMs);
    this.#retries += 1;
    this.#retry = this.#timers.after(delayMs, () => {
      this.#retry = undefined;
      void this.#say(this.#journal.pending());
    });
  }

  /** Invalidates these in the tier and says so, batch by batch; stops at the first failure, after which it is tried again. */
  async #say(names: readonly string[]): Promise<void> {
    for (let at = 0; at < names.length && !this.#isClosed; at += maxBatch) {
      const batch = names.slice(at, at + maxBatch);
      // Where a space stands for too many keys, this process learns of it like the others.
      this.#apply(batch.filter((name) => parseName(name)?.kind === 'tag'));
      if (!(await this.#change(batch))) return;
    }
    this.#retries = 0;
  }

  #heard(message: string): void {
    const names = decodeNames(message);
    if (names === undefined) {
      this.#distrustAll();
      return;
    }
    this.#apply(names);
    const spaces = names.map(parseName).filter((name) => name?.kind === 'tag' && name.of === '');
    // It may stand for more keys than could be named, some of which did not exist before.
    for (const name of spaces) this.#members.get(name?.space ?? '')?.member.distrust();
    if (spaces.length > 0) this.#listener.distrusted?.();
  }

  #apply(names: readonly string[]): void {
    for (const name of names) {
      const parsed = parseName(name);
      const member = parsed === undefined ? undefined : this.#members.get(parsed.space)?.member;
      if (parsed?.kind === 'entry') member?.drop([parsed.of]);
      else if (parsed?.kind === 'tag') member?.dropTags([parsed.of]);
    }
  }

  #lost(cause: 'gap' | 'away'): void {
    const heard = this.#hears;
    this.#hears = false;
    this.#wasAway ||= cause === 'away';
    this.#listener.lost?.(cause);
    if (cause === 'gap') this.#distrustAll();
    else if (heard) {
      // Nothing was missed until a moment ago, so what is there may live for as long as what is loaded now.
      this.#expiry?.cancel();
      this.#expiry = this.#timers.after(this.#awayTtlMs, () => this.#distrustAll());
    }
  }

  #joined(): void {
    this.#expiry?.cancel();
    if (this.#wasAway) this.#settledAt = this.#clock.now() + this.#settleMs;
    const names = [...new Set([...this.#journal.pending(), ...(this.#wasAway ? this.#journal.recent(this.#clock.now()) : [])])];
    this.#hears = true;
    this.#wasAway = false;
    this.#distrustAll();
    this.#listener.joined?.();
    if (names.length > 0) void this.#say(names);
  }

  #distrustAll(): void {
    for (const { member } of this.#members.values()) member.distrust();
    this.#listener.distrusted?.();
  }
}

async function failureOf(work: Promise<unknown>): Promise<{ readonly error: unknown } | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return { error };
  }
}
