import { type KeyObject, createHmac, createSecretKey, hkdfSync } from 'node:crypto';

const keyBytes = 32;
/**
 * 128 of the 256 bits: two different values then have the same hash with a chance of 2^-65 among 2^32 rows, so that a unique index
 * refuses nothing that it should take, and the index is half as wide. An HMAC may be truncated (RFC 2104, 5).
 */
const hashBytes = 16;
/** Characters of a hash: base64url without padding. */
export const hashLength = 22;

/** @returns the key of one column's hashes (RFC 5869): equal values in two columns or tables have different hashes */
export function searchKey(root: KeyObject, table: string, column: string): KeyObject {
  const info = JSON.stringify(['midgard-dao search/1', table, column]);
  return createSecretKey(Buffer.from(hkdfSync('sha256', root, new Uint8Array(), info, keyBytes)));
}

/** @returns the keyed hash (HMAC-SHA-256) by which a value is found */
export function searchHash(key: KeyObject, plain: Uint8Array): string {
  return createHmac('sha256', key).update(plain).digest().subarray(0, hashBytes).toString('base64url');
}
