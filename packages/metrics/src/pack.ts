import type { Cells } from './cells.ts';
import type { PackedCells } from './kind.ts';

/** JSON has no number that is endless or none. */
export function packNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** Undefined where it is nothing that {@link packNumber} gives. */
export function unpackNumber(packed: unknown): number | undefined {
  if (typeof packed === 'number') return packed;
  return packed === 'Infinity' || packed === '-Infinity' || packed === 'NaN' ? Number(packed) : undefined;
}

/** Cells that hold numbers. */
export function packNumbers({ values, offset, length }: Cells): PackedCells {
  return Array.from(values.subarray(offset, offset + length), packNumber);
}

/** What {@link packNumbers} gave, back into cells; false where it is something else. */
export function unpackNumbers(packed: PackedCells, into: Cells): boolean {
  if (packed.length !== into.length) return false;
  for (const [at, each] of packed.entries()) {
    const value = unpackNumber(each);
    if (value === undefined) return false;
    into.values[into.offset + at] = value;
  }
  return true;
}
