import process from 'node:process';
import { generateSigningKey } from '@midgard/auth';
import { makeKek } from '../encryption/kek.ts';
import { kekVariable } from '../encryption/key-wrappers.ts';
import { auditKeyVariable } from '../audit/audit-key.ts';
import { makeSecrets, secretVariables } from '../secrets.ts';
import { signingKeyVariable } from '../signing-keys/key-source.ts';

/** Prints new secrets as lines of an environment file, and keeps nothing of them. */
export async function secretsCommand(): Promise<void> {
  const { keyPepper, cursorSecret } = makeSecrets();
  const lines = [
    `${secretVariables.keyPepper}=${keyPepper}`,
    `${signingKeyVariable}='${JSON.stringify(await generateSigningKey())}'`,
    `${secretVariables.cursorSecret}=${cursorSecret}`,
    `${kekVariable}=${makeKek()}`,
    `${auditKeyVariable}='${JSON.stringify(await generateSigningKey())}'`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
