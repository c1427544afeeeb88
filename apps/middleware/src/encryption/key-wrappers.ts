import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type EncryptionOptions, type KeyWrapper, localKeyWrapper } from '@midgard/dao';
import { z } from 'zod';
import type { Config } from '../config-schema.ts';
import { makeKek } from './kek.ts';
import { SetupError } from '../setup-error.ts';
import { writePrivately } from '../private-file.ts';
import { weaknessOf } from '../weak-secret.ts';

/** The variable that sets the key-encryption key. */
export const kekVariable = 'MIDGARD_ENCRYPTION_KEK';

const kekShape = /^[\w-]{43}=?$/;
/** Of 32 random bytes fewer than 16 different ones come less than once in 10^9 tries: such a key was typed, or is a placeholder. */
const leastDifferentBytes = 16;

/** What a package that wraps data keys exports by default. */
const WrapperShape = z.looseObject({ id: z.string(), wrap: z.function(), unwrap: z.function() });

/**
 * Takes the keys from the configuration; outside production a missing one is made once and kept in the data folder, readable by the owner only.
 *
 * @throws {SetupError} `ERR_SETUP_SECRET`: none in production, more than one, or one that is no key; messages hold no key
 */
export async function encryptionOptions({ encryption, dataDir }: Config, isProduction: boolean): Promise<EncryptionOptions> {
  const { kek, kekFile, keyWrapper, formerKeks, formerKekFiles, formerKeyWrappers, refreshMs, maxValuesPerKey } = encryption;
  const { length } = [kek, kekFile, keyWrapper].filter((value) => value !== undefined);
  if (length > 1) throw new SetupError('ERR_SETUP_SECRET', 'set one of encryption.kek, encryption.kekFile and encryption.keyWrapper');
  if (length === 0 && isProduction) throw missingKey();
  const given = await wrappersOf({ keks: listOf(kek), files: listOf(kekFile), packages: listOf(keyWrapper), place: '' });
  const former = await wrappersOf({ keks: formerKeks, files: formerKekFiles, packages: formerKeyWrappers, place: 'former' });
  return { keyWrapper: given[0] ?? developmentWrapper(path.join(dataDir, 'development-kek')), formerKeyWrappers: former, refreshMs, maxValuesPerKey };
}

function missingKey(): SetupError {
  return new SetupError(
    'ERR_SETUP_SECRET',
    `a game has encrypted columns: production needs encryption.kek (${kekVariable}), encryption.kekFile or encryption.keyWrapper; midgard secrets prints a new key`,
  );
}

function listOf(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value];
}

interface Sources {
  readonly keks: readonly string[];
  readonly files: readonly string[];
  readonly packages: readonly string[];
  readonly place: '' | 'former';
}

async function wrappersOf({ keks, files, packages, place }: Sources): Promise<readonly KeyWrapper[]> {
  const named = (key: string): string => (place === '' ? `encryption.${key}` : `encryption.former${key.charAt(0).toUpperCase()}${key.slice(1)}s`);
  const local = [...keks.map((text) => parseKek(text, named('kek'))), ...files.map((file) => parseKek(readKek(file, named('kekFile')), named('kekFile')))];
  const loaded: KeyWrapper[] = [];
  for (const name of packages) loaded.push(await loadWrapper(name, named('keyWrapper')));
  return [...local, ...loaded];
}

function readKek(file: string, key: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new SetupError('ERR_SETUP_SECRET', `${key}: the file cannot be read`, { cause });
  }
}

function parseKek(text: string, key: string): KeyWrapper {
  const bytes = Buffer.from(text, 'base64url');
  if (!kekShape.test(text)) throw new SetupError('ERR_SETUP_SECRET', `${key}: not 32 bytes as base64url; midgard secrets prints a new key`);
  if (new Set(bytes).size < leastDifferentBytes) throw new SetupError('ERR_SETUP_SECRET', `${key}: not random; midgard secrets prints a new key`);
  const weakness = weaknessOf(text);
  if (weakness !== undefined) throw new SetupError('ERR_SETUP_SECRET', `${key} ${weakness}; midgard secrets prints a new key`);
  return localKeyWrapper(bytes);
}

function developmentWrapper(file: string): KeyWrapper {
  if (!existsSync(file)) writePrivately(file, `${makeKek()}\n`);
  return parseKek(readKek(file, file), file);
}

async function loadWrapper(name: string, key: string): Promise<KeyWrapper> {
  const wrapper = await exportedBy(name, key);
  if (isWrapper(wrapper)) return wrapper;
  throw new SetupError('ERR_SETUP_SECRET', `${key}: the default export of ${name} is no KeyWrapper, and no function that gives one`);
}

function isWrapper(value: unknown): value is KeyWrapper {
  return WrapperShape.safeParse(value).success;
}

async function exportedBy(name: string, key: string): Promise<unknown> {
  try {
    const { default: exported }: { default?: unknown } = await import(name);
    return typeof exported === 'function' ? await Reflect.apply(exported, undefined, []) : exported;
  } catch (cause) {
    throw new SetupError('ERR_SETUP_SECRET', `${key}: ${name} cannot be loaded, or fails; is it installed?`, { cause });
  }
}
