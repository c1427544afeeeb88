import { type KeyObject, randomBytes } from 'node:crypto';
import { decrypt, encrypt, nonceBytes, tagBytes } from './aes-gcm.ts';

/** First byte of every stored value; another format gets another one. Not 0, which Oracle's empty values have in front. */
const format = 1;
const keyIdBytes = 4;
const nonceAt = 1 + keyIdBytes;
const cipherAt = nonceAt + nonceBytes;

/** By how many bytes a stored value is longer than what was encrypted: format, data key, nonce and tag. */
export const sealedOverheadBytes: number = cipherAt + tagBytes;

/** A data key and its number, which stands in each value that it encrypts. */
export interface DataKey {
  readonly id: number;
  readonly key: KeyObject;
}

/**
 * Encrypts a value: format (1 byte), number of the data key (4 bytes), nonce (12), ciphertext, tag (16).
 *
 * The nonce is random, so one key may encrypt 2^32 values and no more (SP 800-38D, 8.3); the keyring begins another key long before.
 */
export function seal({ id, key }: DataKey, place: Uint8Array, plain: Uint8Array): Buffer {
  const head = Buffer.alloc(cipherAt);
  head[0] = format;
  head.writeUInt32BE(id, 1);
  const nonce = randomBytes(nonceBytes);
  head.set(nonce, nonceAt);
  return Buffer.concat([head, ...encrypt(key, nonce, place, plain)]);
}

/** @returns number of the data key that a stored value names; undefined where it is no value of ours */
export function dataKeyOf(sealed: Uint8Array): number | undefined {
  if (sealed.length < sealedOverheadBytes || sealed[0] !== format) return undefined;
  return new DataView(sealed.buffer, sealed.byteOffset, sealed.byteLength).getUint32(1);
}

/** @returns what was encrypted; undefined where the value was changed, or is of another place or key */
export function open(key: KeyObject, place: Uint8Array, sealed: Uint8Array): Buffer | undefined {
  return decrypt(key, sealed.subarray(nonceAt, cipherAt), place, sealed.subarray(cipherAt));
}
