import { statSync } from 'node:fs';
import { loopback } from '@midgard/server';
import type { Config } from '../config-schema.ts';
import { SetupError } from '../setup-error.ts';

/** The front ends by their key in the configuration. */
export const frontEnds = ['tcp', 'http'] as const;
export type FrontEnd = (typeof frontEnds)[number];

/**
 * Refuses to send credentials in plain text over a network, unless told to (OWASP API8:2023, ASVS 5 §12.2.1).
 *
 * @throws {SetupError} `ERR_SETUP_PLAINTEXT` in production, naming every front end and what to set
 */
export function requireSafeTransport({ server }: Pick<Config, 'server'>, isProduction: boolean): void {
  const open = frontEnds.filter((name) => server[name].tls === undefined && !server[name].allowPlaintext && !isLoopback(server[name].host));
  if (!isProduction || open.length === 0) return;
  const named = open.map(
    (name) => `server.${name}.host is ${server[name].host}: set server.${name}.tls, or server.${name}.allowPlaintext: true where something before it ends TLS`,
  );
  throw new SetupError('ERR_SETUP_PLAINTEXT', `production does not speak plain text beyond the machine itself; ${named.join('; ')}`);
}

/** Private keys that everybody on the machine may read, as sentences for a log. */
export function looseKeyFiles({ server }: Pick<Config, 'server'>): readonly string[] {
  const files = new Set(frontEnds.flatMap((name) => server[name].tls?.keyFile ?? []));
  return [...files].flatMap((file) => (isReadByOthers(file) ? [`${file} can be read by every user of this machine; chmod 600 it`] : []));
}

/** Whether a file is open to every user; of one that is not there the reading tells. */
export function isReadByOthers(file: string): boolean {
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
  return (mode & 0o004) !== 0;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || loopback.has(host);
}
