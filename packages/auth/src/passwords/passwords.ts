import { randomBytes, timingSafeEqual } from 'node:crypto';
import { AuthError } from '../errors.ts';
import { deriveInBackground } from './background.ts';

interface Parameters {
  readonly memoryKib: number;
  readonly passes: number;
  readonly parallelism: number;
}

interface StoredPassword extends Parameters {
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** The first of OWASP's equal choices for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane. */
const current: Parameters = { memoryKib: 19_456, passes: 2, parallelism: 1 };
const saltBytes = 16;
const hashBytes = 32;
/** NIST SP 800-63B asks for at least 64 characters; a bound keeps a megabyte of "password" from being work. */
const maxPasswordBytes = 1024;
/** What a stored hash may ask of us: a damaged row must not cost gigabytes. */
const bounds = { memoryKib: 1_048_576, passes: 16, parallelism: 16 };
const storedShape = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,64})\$([A-Za-z0-9+/]{22,86})$/;

/**
 * Hashes a password with argon2id (RFC 9106) and a fresh salt, in a thread of its own that gives way to all others.
 *
 * @param password any Unicode text of 1 to 1024 bytes; put into form NFKC first, as NIST SP 800-63B §3.1.1.2 asks, so that it does not matter which keyboard composed it
 * @returns a PHC string `$argon2id$v=19$m=…,t=…,p=…$salt$hash`, about 97 characters
 * @throws {AuthError} `ERR_AUTH_INVALID`: empty or too long; `ERR_AUTH_OVERLOADED`: more are waiting than will ever be in time
 */
export async function hashPassword(password: string): Promise<string> {
  const message = prepare(password);
  if (message === undefined) throw new AuthError('ERR_AUTH_INVALID', `a password has 1 to ${maxPasswordBytes} bytes`);
  const salt = randomBytes(saltBytes);
  const hash = await derive(message, salt, hashBytes, current);
  return `$argon2id$v=19$m=${current.memoryKib},t=${current.passes},p=${current.parallelism}$${unpadded(salt)}$${unpadded(hash)}`;
}

/**
 * Tells whether a password is the one that was hashed, in constant time, with the parameters that the hash names.
 *
 * @param stored what {@link hashPassword} gave; null where there is no such account: the same work is done and the answer is
 *   false, so that the time of a login does not tell which names exist
 * @throws {AuthError} `ERR_AUTH_OPTIONS`: `stored` is not an argon2id hash; `ERR_AUTH_OVERLOADED`: more are waiting than will ever be in time
 */
export async function verifyPassword(password: string, stored: string | null): Promise<boolean> {
  const { salt, hash, ...parameters } = stored === null ? { ...current, salt: Buffer.alloc(saltBytes), hash: Buffer.alloc(hashBytes) } : parse(stored);
  const message = prepare(password);
  if (message === undefined) return false;
  const derived = await derive(message, salt, hash.length, parameters);
  return timingSafeEqual(derived, hash) && stored !== null;
}

function prepare(password: string): Buffer | undefined {
  // Measured before it is normalised: a form of composition may grow the text 18-fold.
  if (password.length > maxPasswordBytes) return undefined;
  const message = Buffer.from(password.normalize('NFKC'));
  return message.length >= 1 && message.length <= maxPasswordBytes ? message : undefined;
}

function derive(message: Buffer, nonce: Buffer, tagLength: number, { memoryKib, passes, parallelism }: Parameters): Promise<Buffer> {
  return deriveInBackground({ message, nonce, tagLength, memory: memoryKib, passes, parallelism });
}

function parse(stored: string): StoredPassword {
  const [, memory, passes, parallelism, salt, hash] = storedShape.exec(stored) ?? [];
  const parameters = { memoryKib: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  // Argon2 needs eight blocks a lane (RFC 9106 §3.1). A missing part is NaN and fails the comparison.
  const isSound =
    parameters.parallelism >= 1 &&
    parameters.parallelism <= bounds.parallelism &&
    parameters.passes >= 1 &&
    parameters.passes <= bounds.passes &&
    parameters.memoryKib >= 8 * parameters.parallelism &&
    parameters.memoryKib <= bounds.memoryKib;
  if (!isSound || salt === undefined || hash === undefined) throw new AuthError('ERR_AUTH_OPTIONS', 'not an argon2id hash');
  return { ...parameters, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') };
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
