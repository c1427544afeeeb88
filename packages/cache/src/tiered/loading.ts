import type { Timers } from '@midgard/pool';
import type { Clock } from '../clock.ts';
import type { Space } from '../coherence/space.ts';
import type { CachePolicy } from './cache-policy.ts';
import { type Entry, type EntryOptions, isKept, newEntry } from './entry.ts';
import { type Flight, Flights } from './flights.ts';
import type { HeldEntries } from './held-entries.ts';
import type { Answer, TieredCacheListener } from './listener.ts';
import { asMany, type Loader, LoaderCall, type ManyLoader } from './loader.ts';
import type { Found, Lease, SharedAnswer, SharedEntries } from './shared-entries.ts';

/** What {@link Loading} works with. */
export interface LoadingParts<V> {
  readonly space: Space;
  readonly held: HeldEntries<V>;
  readonly shared: SharedEntries<V>;
  readonly policy: CachePolicy;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly listener: TieredCacheListener;
  /** Makes a value safe to share. */
  readonly protect: (value: V) => V;
}

/** A flight and what it knows. */
interface Trip<V> {
  readonly flight: Flight<Answer<V>>;
  /** A value that has outlived its time, for readers if loading fails or is slow. */
  stale: Entry<V> | undefined;
  /** What is there up to this version is not wanted again. */
  replaces: number;
}

interface LeasedTrip<V> extends Trip<V> {
  readonly lease: Lease | undefined;
}

const firstWaitMs = 5;
const maxWaitMs = 50;

/** Brings what memory does not have: from the shared tier, or from a loader under a lease, once for all who ask meanwhile. */
export class Loading<V> {
  readonly #parts: LoadingParts<V>;
  readonly #flights = new Flights<Answer<V>>();

  /** @param parts of one space */
  constructor(parts: LoadingParts<V>) {
    this.#parts = parts;
  }

  /** What a reader of one key waits for; a load under way is joined. */
  answer(key: string, loader: Loader<V>, options: EntryOptions): Promise<Answer<V>> {
    const underway = this.#flights.of(key);
    if (underway !== undefined) return underway.promise;
    const trip = this.#begin(key);
    void this.#run([trip], asMany(loader), options);
    return trip.flight.promise;
  }

  /** As {@link answer} for each key, in order. */
  answers(keys: readonly string[], loader: ManyLoader<V>, options: EntryOptions): readonly Promise<Answer<V>>[] {
    const trips: Trip<V>[] = [];
    const promises = keys.map((key) => {
      const underway = this.#flights.of(key);
      if (underway !== undefined) return underway.promise;
      const trip = this.#begin(key);
      trips.push(trip);
      return trip.flight.promise;
    });
    if (trips.length > 0) void this.#run(trips, loader, options);
    return promises;
  }

  /** Loads a key anew though it is still given out; whoever has a newer value in the shared tier spares the load. */
  refresh(key: string, version: number, loader: ManyLoader<V>, options: EntryOptions): void {
    if (this.#flights.of(key) !== undefined) return;
    this.#parts.listener.refreshed?.(key);
    const flight = this.#flights.begin(key);
    flight.expectNobody();
    void this.#run([{ flight, stale: this.#parts.held.any(key), replaces: version }], loader, options);
  }

  /** A key was changed: loads of before are not for later readers, and keep nothing. */
  drop(key: string): void {
    this.#flights.drop(key);
  }

  /** As {@link drop}, for all keys. */
  dropAll(): void {
    this.#flights.dropAll();
  }

  #begin(key: string): Trip<V> {
    const { held, clock } = this.#parts;
    const entry = held.any(key);
    const flight = this.#flights.begin(key);
    const isOver = entry !== undefined && entry.freshUntil <= clock.now();
    const trip = { flight, stale: undefined, replaces: isOver ? entry.version : 0 };
    // Another instance may have written, unheard, what is not trusted: only the shared tier can say that it is still of use.
    if (entry !== undefined && held.isTrusted(entry)) this.#offer(trip, entry, isOver);
    return trip;
  }

  /** Has a value ready for readers who would wait too long; at once, where the policy says so and nothing but its time speaks against it. */
  #offer(trip: Trip<V>, stale: Entry<V>, mayGiveAtOnce: boolean): void {
    const { policy, clock, timers } = this.#parts;
    if (trip.stale !== undefined && trip.stale.version >= stale.version) return;
    trip.stale = stale;
    const give = (): void => {
      if (!trip.flight.isLost) trip.flight.land({ value: stale.value, source: 'stale' });
    };
    if (mayGiveAtOnce && clock.now() < stale.freshUntil + policy.staleWhileRevalidateMs) give();
    else if (policy.softTimeoutMs !== Infinity && policy.staleIfErrorMs > 0) {
      const timer = timers.after(policy.softTimeoutMs, give);
      const cancel = (): void => timer.cancel();
      trip.flight.promise.then(cancel, cancel);
    }
  }

  async #run(trips: readonly Trip<V>[], loader: ManyLoader<V>, options: EntryOptions): Promise<void> {
    const { shared } = this.#parts;
    if (!shared.isWorthReading) return this.#lease(trips, loader, options);
    const found = await shared.find(trips.map(keyOf));
    // It does not answer, and would not answer a second question either.
    if (found === undefined) return this.#load(trips.map(withoutLease), loader, options);
    const open = trips.filter((trip, at) => !this.#hasFound(trip, found[at]));
    return open.length === 0 ? undefined : this.#lease(open, loader, options);
  }

  /** Takes what the shared tier was found to have. @returns whether that is what is wanted */
  #hasFound(trip: Trip<V>, found: Found<V> | undefined): boolean {
    if (found === undefined) return false;
    const { version, entry, isFresh } = found;
    if (entry !== undefined && isFresh && version > trip.replaces) {
      this.#land(trip.flight, entry, 'shared');
      return true;
    }
    trip.replaces = Math.max(trip.replaces, version);
    if (entry !== undefined) this.#offer(trip, entry, true);
    return false;
  }

  async #lease(trips: readonly Trip<V>[], loader: ManyLoader<V>, options: EntryOptions): Promise<void> {
    const { shared, policy, clock, timers, listener } = this.#parts;
    const loads: Promise<void>[] = [];
    const givesUpAt = clock.now() + policy.sharedWaitMs;
    let open = trips;
    for (let waitMs = firstWaitMs; open.length > 0; waitMs = Math.min(waitMs * 2, maxWaitMs)) {
      const answers = await shared.lease(open.map(({ flight: { key }, replaces }) => ({ key, replaces })));
      const toLoad: LeasedTrip<V>[] = [];
      const busy: Trip<V>[] = [];
      for (const [at, trip] of open.entries()) this.#sort(trip, answers[at], { toLoad, busy, isLate: clock.now() >= givesUpAt });
      if (toLoad.length > 0) loads.push(this.#load(toLoad, loader, options));
      if (busy.length > 0) {
        for (const { flight } of busy) listener.waited?.(flight.key);
        await new Promise<void>((resolve) => void timers.after(waitMs, resolve));
      }
      open = busy;
    }
    await Promise.all(loads);
  }

  #sort(trip: Trip<V>, answer: SharedAnswer<V> | undefined, into: { toLoad: LeasedTrip<V>[]; busy: Trip<V>[]; isLate: boolean }): void {
    if (answer?.kind === 'fresh') {
      this.#land(trip.flight, answer.entry, 'shared');
      return;
    }
    if (answer !== undefined && answer.kind !== 'alone' && answer.stale !== undefined) this.#offer(trip, answer.stale, true);
    if (answer?.kind === 'busy' && !into.isLate) into.busy.push(trip);
    else into.toLoad.push(Object.assign(trip, { lease: answer?.kind === 'leased' ? answer.lease : undefined }));
  }

  async #load(trips: readonly LeasedTrip<V>[], loader: ManyLoader<V>, given: EntryOptions): Promise<void> {
    const { policy, clock, timers, listener } = this.#parts;
    const keys = trips.map(({ flight: { key } }) => key);
    const previous = new Map(trips.flatMap(({ flight: { key }, stale }) => (stale === undefined ? [] : [[key, stale.value] as const])));
    const call = new LoaderCall<V>({ previous, given });
    const beganAt = clock.now();
    let values: readonly V[];
    try {
      values = await call.run(loader, keys, { hardTimeoutMs: policy.hardTimeoutMs, timers });
    } catch (error) {
      listener.loaded?.(keys, clock.now() - beganAt, error);
      for (const trip of trips) this.#failed(trip, error);
      await this.#giveBack(trips);
      return;
    }
    listener.loaded?.(keys, clock.now() - beganAt, undefined);
    await this.#keep(trips, values, (key) => call.optionsOf(key), beganAt);
  }

  /** Gives what was loaded to who waits, and keeps it here and in the shared tier. */
  async #keep(trips: readonly LeasedTrip<V>[], values: readonly V[], optionsOf: (key: string) => EntryOptions, beganAt: number): Promise<void> {
    const { policy, clock, random, protect, shared } = this.#parts;
    const toStore: { readonly key: string; readonly lease: Lease; readonly entry: Entry<V> }[] = [];
    const notShared: LeasedTrip<V>[] = [];
    const now = clock.now();
    for (const [at, value] of values.entries()) {
      const trip = trips[at];
      if (trip === undefined) continue;
      const { flight, lease } = trip;
      const options = optionsOf(flight.key);
      const loadedAt = lease?.at ?? beganAt * 1000;
      const entry = newEntry(protect(value), { policy, options, now, loadedAt, random: random() });
      const isToKeep = isKept(entry, options, now);
      if (!isToKeep || options.isShared === false) notShared.push(trip);
      else if (lease !== undefined) toStore.push({ key: flight.key, lease, entry });
      this.#land(flight, entry, 'loader', isToKeep);
    }
    await this.#giveBack(notShared);
    const outcomes = toStore.length === 0 ? [] : await shared.store(toStore);
    for (const [at, { key, entry }] of toStore.entries()) this.#stored(key, entry, outcomes[at]);
  }

  #stored(key: string, entry: Entry<V>, outcome: number | 'refused' | undefined): void {
    const { held, listener } = this.#parts;
    if (outcome === 'refused') {
      held.wasRefused(key, entry);
      listener.outdated?.(key);
    } else if (outcome !== undefined) held.wasStored(key, entry, outcome);
  }

  #land(flight: Flight<Answer<V>>, entry: Entry<V>, source: 'shared' | 'loader', isToKeep = true): void {
    const { held, space, protect, listener } = this.#parts;
    const value = source === 'shared' ? protect(entry.value) : entry.value;
    this.#flights.end(flight);
    if (flight.isLost) listener.outdated?.(flight.key);
    else if (isToKeep) held.hold(flight.key, value === entry.value ? entry : { ...entry, value }, space);
    flight.land({ value, source });
  }

  #failed({ flight, stale }: Trip<V>, error: unknown): void {
    const { held, policy, clock } = this.#parts;
    this.#flights.end(flight);
    const now = clock.now();
    const isOfUse = stale !== undefined && !flight.isLost && now < stale.freshUntil + policy.staleIfErrorMs;
    if (!isOfUse) {
      flight.fail(error);
      return;
    }
    held.holdOn(flight.key, stale);
    flight.land({ value: stale.value, source: 'stale' });
  }

  async #giveBack(trips: readonly LeasedTrip<V>[]): Promise<void> {
    const leases = trips.flatMap(({ flight: { key }, lease }) => (lease === undefined ? [] : [{ key, lease }]));
    if (leases.length > 0) await this.#parts.shared.release(leases);
  }
}

function keyOf<V>({ flight }: Trip<V>): string {
  return flight.key;
}

function withoutLease<V>(trip: Trip<V>): LeasedTrip<V> {
  return Object.assign(trip, { lease: undefined });
}
