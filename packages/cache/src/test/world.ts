import { FakeTime } from '@midgard/pool/testing';
import type { BusListener, InvalidationBus } from '../bus/bus.ts';
import { Coherence, type CoherenceOptions } from '../coherence/coherence.ts';
import { CacheError } from '../errors.ts';
import { MemoryTier } from '../tier/memory-tier.ts';
import type { Tier } from '../tier/tier.ts';
import { TieredCache } from '../tiered/tiered-cache.ts';
import type { TieredCacheOptions } from '../tiered/tiered-cache-options.ts';

/** How long the ways of a world take, in milliseconds; a way is drawn for each step, and words keep their order. */
export interface Ways {
  tier(): number;
  bus(): number;
}

const noTime: Ways = { tier: () => 0, bus: () => 0 };

/** Several instances of a service in one test: one shared tier, one bus, one time, and what goes wrong between them. */
export class World {
  readonly time = new FakeTime();
  readonly tier = new MemoryTier({ clock: this.time });
  readonly #ways: Ways;
  readonly #buses: WorldBus[] = [];
  #outages = 0;
  /** Whether tier and bus can be reached. */
  isUp = true;
  /** Whether the tier does what it is asked, and the answers are lost. */
  losesAnswers = false;

  constructor(ways: Ways = noTime) {
    this.#ways = ways;
  }

  /** A new instance with one cache, joined. */
  async instance<V>(options: Partial<TieredCacheOptions<V>> = {}, coherence: Partial<CoherenceOptions> = {}): Promise<Instance<V>> {
    const bus = new WorldBus(this);
    this.#buses.push(bus);
    const joined = new Coherence({ tier: this.#reached(), bus, clock: this.time, timers: this.time, ...coherence });
    await joined.start();
    const { time } = this;
    const cache = new TieredCache<V>({ space: 's', memory: { maxEntries: 100 }, coherence: joined, clock: time, timers: time, random: () => 0.5, ...options });
    return { cache, coherence: joined, bus };
  }

  /** Tier and bus go away. */
  fail(): void {
    this.isUp = false;
    this.#outages += 1;
    for (const bus of this.#buses) bus.listener?.lost('away');
  }

  /** They are back, each instance notices when it does. */
  recover(noticesAfterMs: () => number = () => 0): void {
    this.isUp = true;
    const outage = this.#outages;
    for (const bus of this.#buses) {
      this.time.after(noticesAfterMs(), () => {
        if (outage === this.#outages) bus.listener?.joined();
      });
    }
  }

  /** Says something to everybody else. */
  async say(from: WorldBus, message: string): Promise<void> {
    await this.time.pass(this.#ways.bus());
    if (!this.isUp) throw new CacheError('ERR_CACHE_BUS', 'away');
    for (const bus of this.#buses) if (bus !== from) bus.deliver(message, this.#ways.bus());
  }

  /** The tier at the end of a slow way that fails where the world is down. */
  #reached(): Tier {
    const { tier, time } = this;
    const by = async <T>(call: () => Promise<T>): Promise<T> => {
      await time.pass(this.#ways.tier());
      if (!this.isUp) throw new CacheError('ERR_CACHE_TIER', 'away');
      const answer = await call();
      await time.pass(this.#ways.tier());
      if (this.losesAnswers) throw new CacheError('ERR_CACHE_TIER', 'no answer');
      return answer;
    };
    return {
      maxClockSkewMs: 0,
      read: (keys) => by(() => tier.read(keys)),
      lease: (requests, leaseMs) => by(() => tier.lease(requests, leaseMs)),
      store: (values) => by(() => tier.store(values)),
      release: (leases) => by(() => tier.release(leases)),
      put: (values) => by(() => tier.put(values)),
      invalidate: (keys, rememberMs) => by(() => tier.invalidate(keys, rememberMs)),
      versions: (keys) => by(() => tier.versions(keys)),
      close: () => Promise.resolve(),
    };
  }
}

/** One of the world's processes. */
export interface Instance<V> {
  readonly cache: TieredCache<V>;
  readonly coherence: Coherence;
  readonly bus: WorldBus;
}

/** Words in order, each after its time. */
export class WorldBus implements InvalidationBus {
  readonly boundMs = 100;
  listener: BusListener | undefined;
  readonly #world: World;
  /** How many of the next words do not arrive; the bus notices at the moment when they should have. */
  dropNext = 0;
  #lastAt = 0;

  constructor(world: World) {
    this.#world = world;
  }

  start(listener: BusListener): Promise<void> {
    this.listener = listener;
    listener.joined();
    return Promise.resolve();
  }

  publish(message: string): Promise<void> {
    return this.#world.say(this, message);
  }

  deliver(message: string, afterMs: number): void {
    const now = this.#world.time.now();
    this.#lastAt = Math.max(this.#lastAt, now + afterMs);
    const isDropped = this.dropNext > 0;
    if (isDropped) this.dropNext -= 1;
    this.#world.time.after(this.#lastAt - now, () => {
      if (!this.#world.isUp) return;
      if (!isDropped) this.listener?.heard(message);
      else {
        this.listener?.lost('gap');
        this.listener?.joined();
      }
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
