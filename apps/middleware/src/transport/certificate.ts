import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { TlsIdentity } from '@midgard/server';
import { SetupError } from '../setup-error.ts';
import type { TlsConfig } from './transport-schema.ts';

/** A certificate with its key, as the files had them when they were read. */
export interface Certificate {
  readonly identity: TlsIdentity;
  /** When the first of its chain expires, epoch milliseconds. */
  readonly expiresAt: number;
  /** Tells one content of the files from another. */
  readonly digest: string;
}

const pemForm = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Reads the files of a front end and sees whether they go together.
 *
 * @throws {SetupError} `ERR_SETUP_TLS`, naming the file; nothing of what is in it
 */
export function readCertificate({ certFile, keyFile, caFile }: TlsConfig): Certificate {
  const [cert, key, ca] = [readPem(certFile), readPem(keyFile), caFile === undefined ? undefined : readPem(caFile)];
  const chain = chainOf(certFile, cert);
  const expiresAt = Math.min(...chain.map(({ validTo }) => Date.parse(validTo)));
  if (caFile !== undefined && ca !== undefined) chainOf(caFile, ca);
  if (chain[0]?.checkPrivateKey(privateKeyOf(keyFile, key)) !== true)
    throw new SetupError('ERR_SETUP_TLS', `${keyFile} is not the key of the certificate in ${certFile}`);
  const digest = createHash('sha256').update([cert, key, ca].join('\n')).digest('hex');
  return { identity: { cert, key, ...(ca !== undefined && { ca }) }, expiresAt, digest };
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new SetupError('ERR_SETUP_TLS', `${file} cannot be read (${code})`);
  }
}

/** What fails here may have the key in its message, so neither message nor cause goes on. */
function privateKeyOf(file: string, text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    throw new SetupError('ERR_SETUP_TLS', `${file} has no private key in PEM, or one with a passphrase`);
  }
}

function chainOf(file: string, text: string): readonly X509Certificate[] {
  const blocks = text.match(pemForm) ?? [];
  try {
    const chain = blocks.map((block) => new X509Certificate(block));
    if (chain.length > 0) return chain;
  } catch {
    // Said below: the text may be anything, a key too.
  }
  throw new SetupError('ERR_SETUP_TLS', `${file} has no certificate in PEM`);
}
