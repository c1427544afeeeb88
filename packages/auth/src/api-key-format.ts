import { crc32 } from 'node:zlib';
import { AuthError } from './errors.ts';

/** Which kind of installation a key belongs to. A key of one is refused by the other, so a test key never opens the live service. */
export type ApiKeyEnvironment = 'dev' | 'live';

/** A key, taken apart. */
export interface ApiKeyParts {
  readonly environment: ApiKeyEnvironment;
  readonly id: string;
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 12 characters are 71 bits: ids are public and need only be unique. */
const idLength = 12;
/** 43 characters are 256 bits. */
const secretLength = 43;
/** 62^6 > 2^32, so six characters hold any CRC-32. */
const checksumLength = 6;
const shape = /^mdg_(dev|live)_([0-9A-Za-z]{12})_[0-9A-Za-z]{43}([0-9A-Za-z]{6})$/;

/**
 * Builds a new key `mdg_<env>_<id>_<secret><checksum>`.
 *
 * The prefix lets secret scanners find a leaked key; the checksum tells a mistyped or cut key without a look-up.
 *
 * @param random gives so many bytes of a cryptographic generator
 */
export function buildApiKey(environment: ApiKeyEnvironment, random: (bytes: number) => Uint8Array): { id: string; key: string } {
  const id = randomText(idLength, random);
  const head = `mdg_${environment}_${id}_${randomText(secretLength, random)}`;
  return { id, key: head + checksumOf(head) };
}

/**
 * Takes a key apart without any look-up.
 *
 * @throws {AuthError} `ERR_AUTH_INVALID`: not in the form of a key, or its checksum is wrong
 */
export function parseApiKey(key: string): ApiKeyParts {
  const match = shape.exec(key);
  const [, environment, id, checksum] = match ?? [];
  const isWhole = checksum !== undefined && checksumOf(key.slice(0, -checksumLength)) === checksum;
  if (!isWhole || id === undefined || (environment !== 'dev' && environment !== 'live')) {
    throw new AuthError('ERR_AUTH_INVALID', 'the API key is not valid');
  }
  return { environment, id };
}

function checksumOf(head: string): string {
  let rest = crc32(head);
  let text = '';
  for (let i = 0; i < checksumLength; i += 1) {
    text = alphabet.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}

function randomText(length: number, random: (bytes: number) => Uint8Array): string {
  let text = '';
  while (text.length < length) {
    for (const byte of random(length - text.length)) {
      // 248 = 4 × 62: larger bytes would make the first characters of the alphabet likelier.
      if (byte < 248) text += alphabet.charAt(byte % 62);
    }
  }
  return text;
}
