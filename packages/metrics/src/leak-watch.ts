import { type Growth, type GrowthThreshold, GrowthTrend, type Verdict } from './leak-watch-trend.ts';

/** What a {@link LeakWatch} tells; all members are optional. */
export interface LeakWatchEvents<R extends string = string> {
  /** A resource has begun to look like a leak. Told once. */
  suspected?(resource: R, growth: Growth): void;
  /** It has grown by twice as much as when it was last told of, counted from before it was suspected. */
  doubled?(resource: R, growth: Growth): void;
  /** It grows by less than half of what made it suspicious. */
  ended?(resource: R, growth: Growth): void;
}

/** Options of {@link LeakWatch}. */
export interface LeakWatchOptions<R extends string = string> {
  /** The resources by name, and from what growth on each is worth a warning. */
  readonly thresholds: Readonly<Record<R, GrowthThreshold>>;
  /** The present level of each; one that is not known just now is left out. */
  readonly sample: () => Readonly<Partial<Record<R, number>>>;
  /** Length of a window in milliseconds, above 0 (default 10 minutes). Longer than the sawtooth of the resource. */
  readonly windowMs?: number | undefined;
  /** How many windows must rise in a row, at least 3 (default 6). */
  readonly windows?: number | undefined;
  /** Milliseconds that never go back (default: `performance`). */
  readonly clock?: { now(): number } | undefined;
  readonly events?: LeakWatchEvents<R> | undefined;
}

/** What is known of a resource that is suspected. */
interface Suspicion {
  /** Level before it grew. */
  readonly baseline: number;
  /** Growth from which on it was suspected: less than half of it ends the suspicion, whatever the level by then. */
  readonly neededGrowth: number;
  /** Growth when it was last told of. */
  toldGrowth: number;
}

interface Watched {
  readonly trend: GrowthTrend;
  growth: Growth | undefined;
  suspicion: Suspicion | undefined;
}

/**
 * Tells of resources that grow and grow: heap, handles, anything with a level.
 *
 * A resource is suspected when the lowest level of each of some windows in a row is higher than that of the one before, by
 * at least half of an even share, and by enough in all. So a sawtooth, noise below the threshold and a step after which
 * it is flat are not, and a leak above the threshold is, at the latest one window after it has filled all of them.
 * A cache that fills for as long looks the same; it ends by itself.
 *
 * It has no timer: call {@link LeakWatch.look} at an interval of a tenth of a window or so. O(resources) a look; it keeps
 * one number and its time for each window.
 *
 * @example
 * ```ts
 * import { LeakWatch } from '@midgard/metrics';
 * const watch = new LeakWatch({
 *   thresholds: { sessions: { minGrowth: 1000, minRatio: 0.2 } },
 *   sample: () => ({ sessions: 17 }),
 *   events: { suspected: (resource, { perHour }) => console.warn(`${resource} grow by ${perHour} an hour`) },
 * });
 * setInterval(() => watch.look(), 60_000).unref();
 * ```
 */
export class LeakWatch<R extends string = string> {
  readonly #watched: ReadonlyMap<R, Watched>;
  readonly #sample: () => Readonly<Partial<Record<R, number>>>;
  readonly #clock: { now(): number };
  readonly #events: LeakWatchEvents<R>;

  /**
   * @throws {MetricsError} `ERR_METRICS_OPTIONS`: a window, their number or a threshold is out of its range
   */
  constructor({ thresholds, sample, windowMs = 600_000, windows = 6, clock = performance, events = {} }: LeakWatchOptions<R>) {
    this.#watched = new Map(
      namesOf(thresholds).map((name) => [name, { trend: new GrowthTrend(thresholds[name], { windowMs, windows }), growth: undefined, suspicion: undefined }]),
    );
    this.#sample = sample;
    this.#clock = clock;
    this.#events = events;
  }

  /** Takes one sample of every resource. What the sampler or a listener throws passes through. */
  look(): void {
    const levels = this.#sample();
    const now = this.#clock.now();
    for (const [resource, watched] of this.#watched) {
      const level = levels[resource];
      const verdict = level === undefined ? undefined : watched.trend.add(level, now);
      if (verdict !== undefined) this.#weigh(resource, watched, verdict);
    }
  }

  /** Whether a resource looks like a leak just now. */
  isSuspected(resource: R): boolean {
    return this.#watched.get(resource)?.suspicion !== undefined;
  }

  /** How a resource grew over the last windows; undefined until there are enough of them. */
  growthOf(resource: R): Growth | undefined {
    return this.#watched.get(resource)?.growth;
  }

  #weigh(resource: R, watched: Watched, { isLeaking, neededGrowth, ...growth }: Verdict): void {
    watched.growth = growth;
    const { suspicion } = watched;
    if (suspicion === undefined) {
      if (!isLeaking) return;
      watched.suspicion = { baseline: growth.level - growth.growth, neededGrowth, toldGrowth: growth.growth };
      this.#events.suspected?.(resource, growth);
    } else if (growth.growth < suspicion.neededGrowth / 2) {
      watched.suspicion = undefined;
      this.#events.ended?.(resource, growth);
    } else if (growth.level - suspicion.baseline >= 2 * suspicion.toldGrowth) {
      suspicion.toldGrowth = growth.level - suspicion.baseline;
      this.#events.doubled?.(resource, growth);
    }
  }
}

/** `Object.keys` with the type that it has where nothing was added behind the compiler's back. */
function namesOf<R extends string>(record: Readonly<Record<R, unknown>>): R[] {
  const names: R[] = [];
  for (const name in record) if (Object.hasOwn(record, name)) names.push(name);
  return names;
}
