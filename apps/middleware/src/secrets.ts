import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { EncryptionOptions } from '@midgard/dao';
import { z } from 'zod';
import type { Config } from './config-schema.ts';
import { encryptionOptions } from './encryption/key-wrappers.ts';
import { writePrivately } from './private-file.ts';
import { SetupError } from './setup-error.ts';
import { namesSigningKeys, signingKeyVariable } from './signing-keys/key-source.ts';
import { weaknessOf, weaknessOfPassword } from './weak-secret.ts';

/** What the service hashes and seals with; what it signs with is a ring of keys, see `signing-keys/`. */
export interface Secrets extends OwnSecrets {
  /** What the encrypted columns of games are encrypted with; asked for only where a game has some. */
  readonly encryption: () => Promise<EncryptionOptions>;
}

/** Those that the service makes for itself. */
interface OwnSecrets {
  readonly keyPepper: string;
  readonly cursorSecret: string;
}

const names = ['keyPepper', 'cursorSecret'] as const;
/** What else stands in it is of an earlier version. */
const savedSecrets = z.object({ keyPepper: z.string(), cursorSecret: z.string() });

/** The variables that set the secrets. */
export const secretVariables = {
  keyPepper: 'MIDGARD_AUTH_KEY_PEPPER',
  cursorSecret: 'MIDGARD_AUTH_CURSOR_SECRET',
} as const;

/**
 * Takes the secrets from the configuration; outside production, those that it lacks are made once and kept in the data folder, readable by the owner only.
 *
 * @throws {SetupError} `ERR_SETUP_SECRET` in production, naming every key that is missing
 */
export function resolveSecrets(config: Config, isProduction: boolean): Secrets {
  return { ...ownSecrets(config, isProduction), encryption: () => encryptionOptions(config, isProduction) };
}

function ownSecrets(config: Config, isProduction: boolean): OwnSecrets {
  const { keyPepper, cursorSecret } = config.auth;
  if (isProduction) refuseWeakSecrets(config);
  if (isProduction && !namesSigningKeys(config)) throw missingSecrets(config);
  if (keyPepper !== undefined && cursorSecret !== undefined) return { keyPepper, cursorSecret };
  if (isProduction) throw missingSecrets(config);
  const saved = developmentSecrets(path.join(config.dataDir, 'development-secrets.json'));
  return { keyPepper: keyPepper ?? saved.keyPepper, cursorSecret: cursorSecret ?? saved.cursorSecret };
}

/** @throws {SetupError} `ERR_SETUP_SECRET`, naming every key whose secret somebody else could have */
function refuseWeakSecrets({ alerts, auth, cache, cdn, databases }: Config): void {
  const given = [
    ...names.map((name) => [`auth.${name}`, auth[name]] as const),
    ...privateParts(auth.signingKey).map((key) => ['auth.signingKey', key] as const),
    ...auth.sharedSecrets.map((secret, at) => [`auth.sharedSecrets[${at}]`, secret] as const),
    ...Object.entries(auth.servers).map(([id, { secret }]) => [`auth.servers.${id}.secret`, secret] as const),
    ['cdn.purge.authValue', cdn.purge.authValue] as const,
    ...Object.entries(alerts.channels).flatMap(([name, channel]) => secretsOfChannel(`alerts.channels.${name}`, channel)),
  ];
  const urls = [
    ...Object.entries(databases).flatMap(([id, { url, standbys = [], replicas = [] }]) => [
      [`databases.${id}.url`, url] as const,
      ...standbys.map((standby, at) => [`databases.${id}.standbys[${at}]`, standby] as const),
      ...replicas.map((replica, at) => [`databases.${id}.replicas[${at}].url`, replica.url] as const),
    ]),
    ['cache.redis.url', cache.redis.url] as const,
    ...Object.entries(alerts.channels).map(([name, { url }]) => [`alerts.channels.${name}.url`, url] as const),
  ];
  const weak = [...weakOf(given, weaknessOf), ...weakOf(urls, weaknessOfPassword)];
  if (weak.length > 0)
    throw new SetupError('ERR_SETUP_SECRET', `production needs secrets that nobody else has: ${weak.join(', ')}; midgard secrets prints new ones`);
}

/** A header may be anything; of those that let somebody in the name tells. */
const letsIn = /auth|key|secret|token/i;

function secretsOfChannel(path: string, channel: Config['alerts']['channels'][string]): readonly (readonly [string, string | undefined])[] {
  const headers = channel.kind === 'webhook' ? Object.entries(channel.headers ?? {}) : [];
  return [
    ...('secret' in channel ? [[`${path}.secret`, channel.secret] as const] : []),
    ...headers.filter(([name]) => letsIn.test(name)).map(([name, value]) => [`${path}.headers.${name}`, value] as const),
  ];
}

function weakOf(given: readonly (readonly [string, string | undefined])[], weakness: (secret: string) => string | undefined): readonly string[] {
  return given.flatMap(([key, secret]) => {
    const found = secret === undefined ? undefined : weakness(secret);
    return found === undefined ? [] : [`${key} ${found}`];
  });
}

/** Of JSON Web Keys; what is none is refused elsewhere. */
export function privateParts(jwks = ''): readonly string[] {
  return [...jwks.matchAll(/"d"\s*:\s*"([^"]+)"/g)].flatMap(([, key]) => key ?? []);
}

function missingSecrets(config: Config): SetupError {
  const missing = names.filter((name) => config.auth[name] === undefined).map((name) => `auth.${name} (${secretVariables[name]})`);
  if (!namesSigningKeys(config)) missing.push(`auth.signingKey (${signingKeyVariable}) or auth.signingKeysFile`);
  return new SetupError('ERR_SETUP_SECRET', `production needs secrets of its own; set ${missing.join(', ')}; midgard secrets prints new ones`);
}

/** Makes new secrets, good for production too. */
export function makeSecrets(): OwnSecrets {
  return {
    keyPepper: randomBytes(32).toString('base64url'),
    cursorSecret: randomBytes(32).toString('base64url'),
  };
}

function developmentSecrets(file: string): OwnSecrets {
  if (existsSync(file)) return parseSaved(file);
  const made = makeSecrets();
  writePrivately(file, `${JSON.stringify(made, null, 2)}\n`);
  return made;
}

function parseSaved(file: string): OwnSecrets {
  try {
    return savedSecrets.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new SetupError('ERR_SETUP_SECRET', `${file} is damaged; restore it, or remove it and make new API keys`, { cause });
  }
}
