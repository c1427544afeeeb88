import { createHash } from 'node:crypto';
import type { RowValues } from '../../dialects/dialect.ts';
import type { Entity } from '../../entity.ts';

/** What a set of rows amounts to, in whatever order they come: their number and the sum of their digests modulo 2^64. */
export interface Checksum {
  readonly rows: number;
  readonly sum: bigint;
}

/** @returns the first 8 bytes of the SHA-256 of all columns, the same for equal rows of every dialect */
export function rowDigest(entity: Entity, row: RowValues): bigint {
  const cells = Object.keys(entity.columns)
    .sort()
    .map((name) => [name, canonical(row[name])]);
  return createHash('sha256').update(JSON.stringify(cells)).digest().readBigUInt64BE(0);
}

/** @returns what the rows amount to */
export function checksum(entity: Entity, rows: readonly RowValues[]): Checksum {
  const sum = rows.reduce((total, row) => total + rowDigest(entity, row), 0n);
  return { rows: rows.length, sum: BigInt.asUintN(64, sum) };
}

/** @returns whether two sets of rows amount to the same */
export function isSameChecksum(a: Checksum, b: Checksum): boolean {
  return a.rows === b.rows && a.sum === b.sum;
}

/** A server may give the members of a document in another order than they came. */
function canonical(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, canonical(member)]);
}
