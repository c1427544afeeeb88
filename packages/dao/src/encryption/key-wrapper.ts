import { type KeyObject, createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { DaoError } from '../errors.ts';
import { decrypt, encrypt, nonceBytes } from './aes-gcm.ts';

/**
 * Wraps data keys with a key-encryption key: the one of a key management service, which never leaves it, or one at hand
 * ({@link localKeyWrapper}). Called when a process starts, and when there is a new data key; never for a value.
 */
export interface KeyWrapper {
  /** Names the key-encryption key, 1 to 200 characters; stored beside each data key that it wraps. Not secret. */
  readonly id: string;
  /**
   * @param key 32 bytes
   * @param context what the key is; `unwrap` gets the same, and must refuse a key that was wrapped as another one (a key management
   *   service calls that encryption context or additional data)
   * @returns at most 8192 bytes
   */
  wrap(key: Uint8Array, context: string): Promise<Uint8Array> | Uint8Array;
  /** @returns the 32 bytes; throws or rejects where it cannot */
  unwrap(wrapped: Uint8Array, context: string): Promise<Uint8Array> | Uint8Array;
}

/** Length of data keys and key-encryption keys. */
export const keyBytes = 32;

/**
 * Wraps data keys with a key of 32 bytes by AES-256-GCM.
 *
 * @param kek 32 random bytes, from a file or the environment: who has them and the database reads everything
 * @throws {DaoError} `ERR_DAO_INPUT`: not 32 bytes
 * @example
 * ```ts
 * import { localKeyWrapper, openDatabase } from '@midgard/dao';
 *
 * const keyWrapper = localKeyWrapper(Buffer.alloc(32, 'only for an example'));
 * await using database = await openDatabase('sqlite::memory:', { encryption: { keyWrapper } });
 * await database.ping();
 * ```
 */
export function localKeyWrapper(kek: Uint8Array): KeyWrapper {
  if (kek.byteLength !== keyBytes) throw new DaoError('ERR_DAO_INPUT', `a key-encryption key has ${keyBytes} bytes`);
  const key: KeyObject = createSecretKey(kek);
  const idBytes = 8;
  return {
    id: `local-${createHmac('sha256', key).update('midgard key-encryption key').digest().subarray(0, idBytes).toString('hex')}`,
    wrap(dataKey, context) {
      const nonce = randomBytes(nonceBytes);
      return Buffer.concat([nonce, ...encrypt(key, nonce, Buffer.from(context), dataKey)]);
    },
    unwrap(wrapped, context) {
      const dataKey = decrypt(key, wrapped.subarray(0, nonceBytes), Buffer.from(context), wrapped.subarray(nonceBytes));
      if (dataKey === undefined) throw new DaoError('ERR_DAO_KEY', 'the data key was wrapped by another key, or was changed');
      return dataKey;
    },
  };
}
