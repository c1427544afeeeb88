import { randomBytes } from 'node:crypto';

/** @returns a new key-encryption key: 32 random bytes as base64url */
export function makeKek(): string {
  const kekBytes = 32;
  return randomBytes(kekBytes).toString('base64url');
}
