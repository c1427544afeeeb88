import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generateSigningKey } from '@midgard/auth';
import { z } from 'zod';
import type { Config } from './config-schema.ts';
import { SetupError } from './setup-error.ts';

/** What the service signs, hashes and seals with. */
export interface Secrets {
  readonly keyPepper: string;
  /** Private Ed25519 key as the text of a JSON Web Key. */
  readonly signingKey: string;
  readonly cursorSecret: string;
}

const names = ['keyPepper', 'signingKey', 'cursorSecret'] as const;
const savedSecrets = z.strictObject({ keyPepper: z.string(), signingKey: z.string(), cursorSecret: z.string() });

/** The variables that set the secrets. */
export const secretVariables = {
  keyPepper: 'MIDGARD_AUTH_KEY_PEPPER',
  signingKey: 'MIDGARD_AUTH_SIGNING_KEY',
  cursorSecret: 'MIDGARD_AUTH_CURSOR_SECRET',
} as const;

/**
 * Takes the secrets from the configuration; outside production, those that it lacks are made once and kept in the data folder, readable by the owner only.
 *
 * @throws {SetupError} `ERR_SETUP_SECRET` in production, naming every key that is missing
 */
export async function resolveSecrets(config: Config, isProduction: boolean): Promise<Secrets> {
  const { keyPepper, signingKey, cursorSecret } = config.auth;
  if (keyPepper !== undefined && signingKey !== undefined && cursorSecret !== undefined) return { keyPepper, signingKey, cursorSecret };
  if (isProduction) throw missingSecrets(config);
  const saved = await developmentSecrets(path.join(config.dataDir, 'development-secrets.json'));
  return { keyPepper: keyPepper ?? saved.keyPepper, signingKey: signingKey ?? saved.signingKey, cursorSecret: cursorSecret ?? saved.cursorSecret };
}

function missingSecrets(config: Config): SetupError {
  const missing = names.filter((name) => config.auth[name] === undefined).map((name) => `auth.${name} (${secretVariables[name]})`);
  return new SetupError('ERR_SETUP_SECRET', `production needs secrets of its own; set ${missing.join(', ')}; midgard secrets prints new ones`);
}

/** Makes new secrets, good for production too. */
export async function makeSecrets(): Promise<Secrets> {
  return {
    keyPepper: randomBytes(32).toString('base64url'),
    signingKey: JSON.stringify(await generateSigningKey()),
    cursorSecret: randomBytes(32).toString('base64url'),
  };
}

async function developmentSecrets(file: string): Promise<Secrets> {
  if (existsSync(file)) return parseSaved(file);
  const made = await makeSecrets();
  writePrivately(file, `${JSON.stringify(made, null, 2)}\n`);
  return made;
}

function parseSaved(file: string): Secrets {
  try {
    return savedSecrets.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new SetupError('ERR_SETUP_SECRET', `${file} is damaged; restore it, or remove it and make new API keys`, { cause });
  }
}

/** Writes a file that only its owner can read, whole or not at all: a crash leaves the old one or none, never a half. */
export function writePrivately(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const half = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  writeFileSync(half, text, { mode: 0o600, flush: true });
  renameSync(half, file);
}
