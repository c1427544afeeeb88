import { bytesOf, type Cells } from '../cells.ts';

/** How a distinct counter cuts its window. */
export interface SlotPlan {
  /** Registers of a slot are 2 to the power of it. */
  readonly precision: number;
  /** Milliseconds of all slots together; 0: there is one, for ever. */
  readonly windowMs: number;
  readonly slots: number;
}

/** Registers for one part of the window, and which part it is. */
export interface Slot {
  readonly registers: Uint8Array;
  /** One more than the number of the part since 1970, so that 0 means that nothing is noted here. */
  period: number;
}

/** Cells that a series takes: for each slot one for its period, then its registers. */
export function cellsFor({ precision, slots }: SlotPlan): number {
  return slots * (1 + 2 ** precision / Float64Array.BYTES_PER_ELEMENT);
}

/** Looks at cells as slots; what is written to a slot is written to them. */
export function slotsOn(cells: Cells, { slots }: SlotPlan): readonly Slot[] {
  const { values, offset, length } = cells;
  const step = length / slots;
  return Array.from({ length: slots }, (_, at) => {
    const start = offset + at * step;
    return {
      registers: bytesOf({ values, offset: start + 1, length: step - 1 }),
      get period(): number {
        return values[start] ?? 0;
      },
      set period(period: number) {
        values[start] = period;
      },
    };
  });
}

/** The period of a moment. */
export function periodAt(now: number, { windowMs, slots }: SlotPlan): number {
  return windowMs === 0 ? 1 : Math.floor(now / (windowMs / slots)) + 1;
}

/** The slot of a period, empty if it held another. */
export function openSlot(all: readonly Slot[], period: number): Slot | undefined {
  const slot = all[period % all.length];
  // Of two that were written at the same time the clock of one may be behind.
  if (slot === undefined || slot.period > period) return undefined;
  if (slot.period < period) {
    slot.registers.fill(0);
    slot.period = period;
  }
  return slot;
}
