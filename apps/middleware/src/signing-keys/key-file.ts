import { closeSync, existsSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { type AsymmetricAlgorithm, generateSigningKey, parseSigningKey, type SigningKeyJwk } from '@midgard/auth';
import { z } from 'zod';
import { writePrivately } from '../private-file.ts';
import { SetupError } from '../setup-error.ts';

const KeySet = z.strictObject({ keys: z.array(z.unknown()).min(1) });
const readableByAnybody = 0o007;

/**
 * Reads the private keys of a text: a JWK set (RFC 7517 §5) or a single JWK.
 *
 * @throws {SetupError} `ERR_SETUP_SECRET`; neither its message nor its cause repeats anything of the text
 */
export function parseKeys(text: string, where: string): readonly SigningKeyJwk[] {
  try {
    const value: unknown = JSON.parse(text);
    const set = KeySet.safeParse(value);
    const keys = (set.success ? set.data.keys : [value]).map(parseSigningKey);
    // A shared secret is asked for by name (auth.algorithm), never by what lies in a file.
    if (keys.every(({ alg }) => alg !== 'HS256')) return keys;
  } catch {
    // Told below: what JSON.parse says repeats a part of what it read.
  }
  throw new SetupError('ERR_SETUP_SECRET', `${where} holds no private Ed25519 or P-256 keys as JSON Web Keys; midgard secrets prints one`);
}

/**
 * @throws {SetupError} `ERR_SETUP_SECRET`: not there, damaged, or readable by everybody on the machine
 */
export function readKeyFile(file: string): readonly SigningKeyJwk[] {
  if (!existsSync(file)) throw new SetupError('ERR_SETUP_SECRET', `${file} is not there; midgard signing-keys rotate makes it`);
  if (process.platform !== 'win32' && (statSync(file).mode & readableByAnybody) !== 0)
    throw new SetupError('ERR_SETUP_SECRET', `${file} holds private keys and can be read by everybody; chmod 600 ${file}`);
  return parseKeys(readFileSync(file, 'utf8'), file);
}

/** Makes the file with a first key unless it is there; of two who do so at once one wins, and both have its key. */
export async function ensureKeyFile(file: string, alg: AsymmetricAlgorithm): Promise<void> {
  if (existsSync(file)) return;
  const draft = `${file}.${process.pid}.first`;
  writePrivately(draft, textOf([await generateSigningKey({ alg })]));
  try {
    linkSync(draft, file);
  } catch (error) {
    if (!existsSync(file)) throw error;
  } finally {
    rmSync(draft);
  }
}

/**
 * Replaces the keys of the file by others, whole or not at all; one command at a time.
 *
 * @throws {SetupError} `ERR_SETUP_SECRET`: see {@link readKeyFile}; `ERR_SETUP_ARGUMENT`: another command is changing it
 */
export async function changeKeyFile(file: string, change: (keys: readonly SigningKeyJwk[]) => Promise<readonly SigningKeyJwk[]>): Promise<void> {
  const lock = `${file}.lock`;
  takeLock(file, lock);
  try {
    writePrivately(file, textOf(await change(existsSync(file) ? readKeyFile(file) : [])));
  } finally {
    rmSync(lock);
  }
}

function takeLock(file: string, lock: string): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    closeSync(openSync(lock, 'wx', 0o600));
  } catch (cause) {
    if (!existsSync(lock)) throw new SetupError('ERR_SETUP_ARGUMENT', `${file} cannot be written`, { cause });
    throw new SetupError('ERR_SETUP_ARGUMENT', `another command is changing ${file}; if there is none, remove ${lock}`);
  }
}

/** Keys as a file or a variable holds them. */
export function textOf(keys: readonly SigningKeyJwk[]): string {
  return `${JSON.stringify({ keys }, null, 2)}\n`;
}
