import type { Cells } from '../cells.ts';
import type { MetricsClock } from '../clock.ts';
import type { DistinctDefinition } from '../definition.ts';
import type { Family, LabelValues, MetricOptions } from '../family.ts';
import { type Kind, noExemplars, type PackedCells } from '../kind.ts';
import { MetricsError } from '../metrics-error.ts';
import { sampleLine } from '../text.ts';
import { hashed, hashKey } from './key-hash.ts';
import { estimate, note, unite } from './registers.ts';
import { cellsFor, openSlot, periodAt, type Slot, type SlotPlan, slotsOn } from './slots.ts';

/** Options of {@link Registry.distinct}. */
export interface DistinctOptions<L extends string = string> extends MetricOptions<L> {
  /** The last how many milliseconds count, at least 1000; default: all since the start. */
  readonly windowMs?: number | undefined;
  /**
   * Into how many parts the window is cut, 1 to 60 (default 6): what is counted is that of the present part and of those before it, so of a time
   * between `windowMs · (slots - 1) / slots` and `windowMs`. With 1 and a window of a day it is that of the day since midnight UTC.
   */
  readonly slots?: number | undefined;
  /** A series takes 2 to the power of it bytes for each slot, and its standard error is 1.04 / √ of that; 6 to 16 (default 12: 4 KiB and 1.6 %). */
  readonly precision?: number | undefined;
}

/** Wall clocks are set, so a slot is looked at again after this time at the latest. */
const longestSlotMs = 60_000;

/** Counts different keys in one series. Made by {@link Distinct.labels}; keep it. */
export class DistinctHandle {
  readonly #plan: SlotPlan;
  readonly #slots: readonly Slot[];
  readonly #clock: MetricsClock;
  #registers: Uint8Array | undefined;

  /** @param cells as many as the plan needs */
  constructor(cells: Cells, plan: SlotPlan, clock: MetricsClock) {
    this.#plan = plan;
    this.#slots = slotsOn(cells, plan);
    this.#clock = clock;
  }

  /**
   * O(1), for a text O(length); no allocation for a bigint or a number.
   *
   * @param key what is counted once, such as the id of a player; always of one type, since `'1'` is another key than `1`, which is the same as `1n`
   */
  add(key: bigint | number | string): void {
    const registers = this.#registers ?? this.#open();
    if (registers === undefined) return;
    hashKey(key);
    note(registers, this.#plan.precision, hashed[0] ?? 0, hashed[1] ?? 0);
  }

  /** How many different keys this handle has seen in the window. O(registers × slots). */
  get value(): number {
    return countNow(this.#slots, this.#plan, this.#clock.now());
  }

  /** To read the clock with each key would take longer than all else: a slot stays open until a timer closes it. */
  #open(): Uint8Array | undefined {
    const now = this.#clock.now();
    const slot = openSlot(this.#slots, periodAt(now, this.#plan));
    if (slot === undefined) return undefined;
    this.#registers = slot.registers;
    const { windowMs, slots } = this.#plan;
    if (windowMs > 0) {
      const slotMs = windowMs / slots;
      this.#clock.after(Math.min(longestSlotMs, slotMs - (now % slotMs)), () => (this.#registers = undefined));
    }
    return this.#registers;
  }
}

/** How many different things there were: active players, callers. Made by {@link Registry.distinct}. */
export class Distinct<L extends string = string> {
  readonly #family: Family<DistinctHandle>;

  /** @param family the series */
  constructor(family: Family<DistinctHandle>) {
    this.#family = family;
  }

  /**
   * The series of some label values. O(labels): call it once and keep what it gives.
   *
   * @param values exactly the labels of the metric
   * @throws {MetricsError} `ERR_METRICS_LABELS`: other labels than the metric has
   */
  labels(values: LabelValues<L>): DistinctHandle {
    return this.#family.resolve(values);
  }
}

/**
 * @throws {MetricsError} `ERR_METRICS_OPTIONS`: out of the ranges of {@link DistinctOptions}
 */
export function checkPlan(name: string, { precision, windowMs, slots }: SlotPlan): void {
  if (!isIn(precision, 6, 16)) throw new MetricsError('ERR_METRICS_OPTIONS', `${name}: precision must be an integer from 6 to 16`);
  if (!isIn(slots, 1, 60)) throw new MetricsError('ERR_METRICS_OPTIONS', `${name}: slots must be an integer from 1 to 60`);
  if (windowMs !== 0 && !(windowMs >= 1000 && windowMs < Infinity))
    throw new MetricsError('ERR_METRICS_OPTIONS', `${name}: windowMs must be at least 1000 milliseconds`);
}

function isIn(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** How distinct counters are kept: the registers of each slot; of several the greater of each register counts. */
export function distinctKind(definition: DistinctDefinition, clock: MetricsClock): Kind<DistinctHandle> {
  const { name } = definition;
  const count = (cells: Cells): number => countNow(slotsOn(cells, definition), definition, clock.now());
  return {
    definition,
    cellsPerSeries: cellsFor(definition),
    writerOn: (cells) => ({ handle: new DistinctHandle(cells, definition, clock), exemplars: noExemplars }),
    combine: (into, part) => combineSlots(slotsOn(into, definition), slotsOn(part, definition)),
    outlivesItsWriter: true,
    render: ({ labels, cells }) => sampleLine(name, labels, count(cells)),
    samples: ({ cells }) => [{ suffix: '', value: count(cells) }],
    pack: (cells) => slotsOn(cells, definition).flatMap(({ period, registers }) => (period === 0 ? [] : [period, Buffer.from(registers).toString('base64')])),
    unpack: (packed, into) => unpackSlots(packed, slotsOn(into, definition)),
  };
}

function countNow(all: readonly Slot[], plan: SlotPlan, now: number): number {
  const period = periodAt(now, plan);
  const registers = new Uint8Array(2 ** plan.precision);
  for (const slot of all) if (slot.period > period - all.length && slot.period <= period) unite(registers, slot.registers);
  return Math.round(estimate(registers));
}

function combineSlots(into: readonly Slot[], part: readonly Slot[]): void {
  for (const { period, registers } of part) {
    const slot = period === 0 ? undefined : openSlot(into, period);
    if (slot !== undefined) unite(slot.registers, registers);
  }
}

function unpackSlots(packed: PackedCells, into: readonly Slot[]): boolean {
  for (let at = 0; at < packed.length; at += 2) {
    const [period, text] = [packed[at], packed[at + 1]];
    if (typeof period !== 'number' || !(period >= 1) || typeof text !== 'string') return false;
    const registers = Buffer.from(text, 'base64');
    const slot = openSlot(into, period);
    if (slot === undefined) continue;
    if (registers.length !== slot.registers.length) return false;
    slot.registers.set(registers);
  }
  return true;
}
