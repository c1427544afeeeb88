import path from 'node:path';
import { type AsymmetricAlgorithm, AuthError, sharedSecretKey, type SigningKeyJwk } from '@midgard/auth';
import type { Config } from '../config-schema.ts';
import { SetupError } from '../setup-error.ts';
import { parseKeys, readKeyFile } from './key-file.ts';

/** The variable that holds the keys where they are in no file. */
export const signingKeyVariable = 'MIDGARD_AUTH_SIGNING_KEY';

/** Where the keys that sign access tokens are: in a file that commands change and services follow, or in the configuration. */
export type KeySource =
  | { readonly kind: 'file'; readonly file: string; readonly algorithm: AsymmetricAlgorithm }
  | { readonly kind: 'variable'; readonly algorithm: AsymmetricAlgorithm; readonly text: string }
  | { readonly kind: 'shared'; readonly secrets: readonly string[] };

/** Whether the configuration says where the signing keys are; outside production they need not be said. */
export function namesSigningKeys({ auth }: Config): boolean {
  return auth.signingKey !== undefined || auth.signingKeysFile !== undefined || auth.sharedSecrets.length > 0;
}

/**
 * Finds the keys by the configuration: a variable wins over a file; without both it is a file in the data folder.
 *
 * @throws {SetupError} `ERR_SETUP_SECRET`: shared secrets without `auth.algorithm: HS256`, or the reverse
 */
export function keySource({ auth, dataDir }: Config): KeySource {
  const { algorithm, sharedSecrets, signingKey, signingKeysFile } = auth;
  if ((algorithm === 'HS256') !== sharedSecrets.length > 0) {
    throw new SetupError(
      'ERR_SETUP_SECRET',
      'auth.sharedSecrets and auth.algorithm: HS256 go together: whoever verifies with a shared secret can sign, so it must be said',
    );
  }
  if (algorithm === 'HS256') return { kind: 'shared', secrets: sharedSecrets };
  if (signingKey !== undefined) return { kind: 'variable', text: signingKey, algorithm };
  return { kind: 'file', file: signingKeysFile ?? path.join(dataDir, 'signing-keys.json'), algorithm };
}

/**
 * Reads the private keys.
 *
 * @throws {SetupError} `ERR_SETUP_SECRET`: there are none, or they are no keys; it repeats nothing of them
 */
export function readKeys(source: KeySource): readonly SigningKeyJwk[] {
  if (source.kind === 'file') return readKeyFile(source.file);
  if (source.kind === 'variable') return parseKeys(source.text, `auth.signingKey (${signingKeyVariable})`);
  try {
    return source.secrets.map((secret) => sharedSecretKey(secret));
  } catch (error) {
    throw new SetupError('ERR_SETUP_SECRET', `auth.sharedSecrets: ${error instanceof AuthError ? error.message : 'not usable'}`);
  }
}
