import { MetricsError } from './metrics-error.ts';

/** From what growth on a resource is worth a warning; both bounds must be passed. */
export interface GrowthThreshold {
  /** Least growth over all windows together, in the unit of the resource, above 0. */
  readonly minGrowth: number;
  /** Least growth as a part of the first window's floor, 0 or more: 0.2 for a fifth. */
  readonly minRatio: number;
}

/** How a resource grew over the windows that were last looked at. */
export interface Growth {
  /** Floor of the last window, in the unit of the resource. */
  readonly level: number;
  /** How much higher that is than the floor of the first window; negative when it fell. */
  readonly growth: number;
  /** Time from the beginning of the one to the beginning of the other, in milliseconds. */
  readonly overMs: number;
  /** The growth in an hour at this rate. */
  readonly perHour: number;
}

/** The lowest level of a window, and when the window began. */
interface Floor {
  readonly atMs: number;
  level: number;
}

/** What a window that ended tells. */
export interface Verdict extends Growth {
  /** Every window went up by its share, and all together by enough to matter. */
  readonly isLeaking: boolean;
  /** The growth that the threshold asks for at this level. */
  readonly neededGrowth: number;
}

/**
 * Part of its even share that each window must add. A step, however high, gives all to one window and nothing to the
 * others; a leak gives each its share, and half leaves room for noise and for load that is not even.
 */
const shareOfEach = 0.5;
const hourMs = 3_600_000;

/**
 * The trend of one resource: the floor of each window of time, the last few of them held against a line that rises.
 *
 * The floor of a sawtooth that is shorter than a window does not move, and noise that is smaller than the threshold cannot
 * reach it. `add` is O(1), O(windows) when a window ends.
 */
export class GrowthTrend {
  readonly #threshold: GrowthThreshold;
  readonly #windowMs: number;
  readonly #windows: number;
  readonly #floors: Floor[] = [];
  #opened: Floor | undefined;

  /**
   * @param threshold from what growth on it matters
   * @param options `windowMs` length of a window, above 0; `windows` how many are held against each other, at least 3
   * @throws {MetricsError} `ERR_METRICS_OPTIONS`
   */
  constructor(threshold: GrowthThreshold, { windowMs, windows }: { readonly windowMs: number; readonly windows: number }) {
    // Of two windows a step and a leak look the same.
    if (!Number.isSafeInteger(windows) || windows < 3) throw new MetricsError('ERR_METRICS_OPTIONS', `windows ${windows} is not an integer from 3 on`);
    demand('windowMs', windowMs, windowMs > 0);
    demand('minGrowth', threshold.minGrowth, threshold.minGrowth > 0);
    demand('minRatio', threshold.minRatio, threshold.minRatio >= 0);
    this.#threshold = threshold;
    this.#windowMs = windowMs;
    this.#windows = windows;
  }

  /**
   * Takes one sample. A window ends with the first sample after its time, so one without samples is as long as it takes.
   *
   * @param level in the unit of the resource; what is no finite number is left out
   * @param atMs time of the sample, never before the last
   * @returns a verdict when a window ended and there are enough of them
   */
  add(level: number, atMs: number): Verdict | undefined {
    if (!Number.isFinite(level)) return undefined;
    const opened = this.#opened;
    if (opened !== undefined && atMs - opened.atMs < this.#windowMs) {
      opened.level = Math.min(opened.level, level);
      return undefined;
    }
    this.#opened = { atMs, level };
    if (opened === undefined) return undefined;
    this.#floors.push(opened);
    if (this.#floors.length > this.#windows) this.#floors.shift();
    return this.#floors.length < this.#windows ? undefined : this.#judge();
  }

  #judge(): Verdict | undefined {
    const [first] = this.#floors;
    const last = this.#floors.at(-1);
    if (first === undefined || last === undefined) return undefined;
    const growth = last.level - first.level;
    const overMs = last.atMs - first.atMs;
    const neededGrowth = Math.max(this.#threshold.minGrowth, this.#threshold.minRatio * first.level);
    const isLeaking = growth >= neededGrowth && this.#isEven(growth / overMs);
    return { level: last.level, growth, overMs, perHour: (growth / overMs) * hourMs, isLeaking, neededGrowth };
  }

  #isEven(perMs: number): boolean {
    return this.#floors.every((floor, index) => {
      const before = this.#floors[index - 1];
      return before === undefined || floor.level - before.level >= shareOfEach * perMs * (floor.atMs - before.atMs);
    });
  }
}

function demand(name: string, value: number, isGood: boolean): void {
  if (!Number.isFinite(value) || !isGood) throw new MetricsError('ERR_METRICS_OPTIONS', `${name} ${value} is not a number in its range`);
}
