import process from 'node:process';
import { makeSecrets, secretVariables } from '../secrets.ts';

/** Prints new secrets as lines of an environment file, and keeps nothing of them. */
export async function secretsCommand(): Promise<void> {
  const { keyPepper, signingKey, cursorSecret } = await makeSecrets();
  const lines = [
    `${secretVariables.keyPepper}=${keyPepper}`,
    `${secretVariables.signingKey}='${signingKey}'`,
    `${secretVariables.cursorSecret}=${cursorSecret}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
