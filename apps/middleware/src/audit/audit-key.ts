import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { AuditKeys, AuditSigner, generateSigningKey, publicAuditKey } from '@midgard/auth';
import type { Config } from '../config-schema.ts';
import { privateParts } from '../secrets.ts';
import { writePrivately } from '../private-file.ts';
import { SetupError } from '../setup-error.ts';
import { weaknessOf } from '../weak-secret.ts';

/** The variable that sets the key. */
export const auditKeyVariable = 'MIDGARD_AUDIT_SIGNING_KEY';

/** What signs the audit log, and what its signatures are checked with. */
export interface AuditKeyring {
  readonly signer: AuditSigner;
  readonly keys: AuditKeys;
  /** May be given to whoever is to check the log. */
  readonly publicKey: ReturnType<typeof publicAuditKey>;
}

/**
 * Takes the key from the configuration; outside production, one is made once and kept in the data folder, readable by the owner only.
 *
 * @throws {SetupError} `ERR_SETUP_SECRET`: none in production, or what there is is none; the message repeats nothing of it
 */
export async function auditKeyring({ audit, dataDir }: Config, isProduction: boolean): Promise<AuditKeyring> {
  if (audit.signingKey === undefined && isProduction)
    throw new SetupError(
      'ERR_SETUP_SECRET',
      `production needs a key of its own for the audit log; set audit.signingKey (${auditKeyVariable}); midgard secrets prints a new one`,
    );
  const weakness = isProduction ? weaknessOf(privateParts(audit.signingKey).join('')) : undefined;
  if (weakness !== undefined)
    throw new SetupError('ERR_SETUP_SECRET', `production needs a key that nobody else has: audit.signingKey ${weakness}; midgard secrets prints a new one`);
  const text = audit.signingKey ?? (await developmentKey(path.join(dataDir, 'development-audit-key.json')));
  try {
    const key: unknown = JSON.parse(text);
    const retired = audit.retiredKeys.map((retiredKey): unknown => JSON.parse(retiredKey));
    return { signer: new AuditSigner(key), keys: new AuditKeys([key, ...retired]), publicKey: publicAuditKey(key) };
  } catch {
    // The cause may repeat the key.
    throw new SetupError(
      'ERR_SETUP_SECRET',
      `audit.signingKey (${auditKeyVariable}) or one of audit.retiredKeys is no Ed25519 key as a JSON Web Key; midgard secrets prints one`,
    );
  }
}

async function developmentKey(file: string): Promise<string> {
  if (!existsSync(file)) writePrivately(file, JSON.stringify(await generateSigningKey()));
  return readFileSync(file, 'utf8');
}
