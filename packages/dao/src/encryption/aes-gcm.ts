import { type KeyObject, createCipheriv, createDecipheriv } from 'node:crypto';

/** 96 bits, the one length for which SP 800-38D needs no further hashing of the nonce (8.2.1, 8.2.2). */
export const nonceBytes = 12;
/** 128 bits, the longest: a shorter tag makes forging by trial easier (SP 800-38D, appendix C). */
export const tagBytes = 16;

const cipherName = 'aes-256-gcm';
const options = { authTagLength: tagBytes } as const;

/**
 * AES-256-GCM (NIST SP 800-38D).
 *
 * @param nonce never twice with the same key
 * @param context is authenticated and not stored: whoever decrypts must know it
 * @returns the ciphertext, as long as what is encrypted, and the tag behind it
 */
export function encrypt(key: KeyObject, nonce: Uint8Array, context: Uint8Array, plain: Uint8Array): readonly Buffer[] {
  const cipher = createCipheriv(cipherName, key, nonce, options);
  cipher.setAAD(context);
  const first = cipher.update(plain);
  return [first, cipher.final(), cipher.getAuthTag()];
}

/** @returns what {@link encrypt} was given; undefined where key, nonce, context, ciphertext or tag is not the same: never a part of it */
export function decrypt(key: KeyObject, nonce: Uint8Array, context: Uint8Array, sealed: Uint8Array): Buffer | undefined {
  if (nonce.length !== nonceBytes || sealed.length < tagBytes) return undefined;
  const end = sealed.length - tagBytes;
  const decipher = createDecipheriv(cipherName, key, nonce, options);
  decipher.setAAD(context);
  decipher.setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
}
