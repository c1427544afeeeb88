import { statSync } from 'node:fs';
import { AuthError, KeyRing, type SigningKeyJwk } from '@midgard/auth';
import type { ServerLog, Timers } from '@midgard/server';
import { SetupError } from '../setup-error.ts';
import { ensureKeyFile } from './key-file.ts';
import { type KeySource, readKeys } from './key-source.ts';
import { weaknessOf } from '../weak-secret.ts';

/** How soon a running service sees what a command changed. */
const lookMs = 1000;

/**
 * Imports the keys; outside production a file that is missing is made.
 *
 * @throws {SetupError} `ERR_SETUP_SECRET`: there are none, they are no keys, or in production one that everybody can read somewhere
 */
export async function openKeyRing(source: KeySource, isProduction: boolean): Promise<KeyRing> {
  if (source.kind === 'file' && !isProduction) await ensureKeyFile(source.file, source.algorithm);
  const keys = readKeys(source);
  if (isProduction) refusePublished(source, keys);
  try {
    return await KeyRing.from(keys);
  } catch (error) {
    throw unusable(source, error);
  }
}

function refusePublished(source: KeySource, keys: readonly SigningKeyJwk[]): void {
  for (const { d, kid } of keys) {
    const weakness = typeof d === 'string' ? weaknessOf(d) : undefined;
    if (weakness !== undefined && source.kind === 'file')
      throw new SetupError('ERR_SETUP_SECRET', `${source.file}: the key ${kid} ${weakness}; midgard signing-keys rotate makes a new one`);
  }
}

/** What {@link followKeyFile} works with. */
export interface FollowedKeys {
  readonly source: KeySource;
  readonly ring: KeyRing;
  readonly timers: Timers;
  readonly log: Pick<ServerLog, 'info' | 'error'>;
}

/**
 * Takes up what commands change in the key file, within a second. A file that is damaged or gone changes nothing: the service goes on
 * with the keys that it has, and says so once.
 *
 * @returns ends that
 */
export function followKeyFile({ source, ring, timers, log }: FollowedKeys): () => void {
  if (source.kind !== 'file') return () => undefined;
  let seen = stampOf(source.file);
  let isReading = false;
  const look = async (): Promise<void> => {
    const stamp = stampOf(source.file);
    if (stamp === seen || isReading) return;
    seen = stamp;
    isReading = true;
    try {
      await ring.replace(readKeys(source));
      log.info({ keys: ring.list().map(({ kid, state }) => `${kid} ${state}`) }, 'signing keys read anew');
    } catch (error) {
      log.error({ err: unusable(source, error) }, 'signing keys cannot be read; those of before stay in force');
    } finally {
      isReading = false;
    }
  };
  return timers.every(lookMs, () => void look());
}

/** Another file in its place, or another content, has another stamp. */
function stampOf(file: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(file);
    return `${ino} ${size} ${mtimeMs}`;
  } catch {
    return 'not there';
  }
}

/** The cause could repeat a part of a key, so only our own words go on. */
function unusable(source: KeySource, error: unknown): SetupError {
  if (error instanceof SetupError) return error;
  const where = source.kind === 'file' ? source.file : 'auth';
  return new SetupError('ERR_SETUP_SECRET', `${where}: ${error instanceof AuthError ? error.message : 'the signing keys cannot be used'}`);
}
