import { firstIdAt } from '../id-generator.ts';

/** The partition of all that has none of its own yet. */
export const lastPartition = 'pmax';

/** @returns the name of a year's partition */
export function partitionOf(year: number): string {
  return `p${year}`;
}

/** @returns the year of a partition; undefined for the last one, and for what somebody made by hand */
export function yearOf(partition: string): number | undefined {
  return /^p\d{4}$/.test(partition) ? Number(partition.slice(1)) : undefined;
}

/** @returns the first id behind a year, in UTC */
export function endOf(year: number): bigint {
  return firstIdAt(Date.UTC(year + 1, 0, 1));
}
