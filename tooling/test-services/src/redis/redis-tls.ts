import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { startServer } from './redis-server.ts';

/** A Redis that speaks TLS, with a certificate that only its own authority vouches for. */
export interface TlsRedis {
  /** `rediss://localhost:port` */
  readonly url: string;
  /** The authority's certificate, as PEM. */
  readonly ca: string;
  /** Ends the server and deletes its data and keys. */
  readonly remove: () => Promise<void>;
}

/**
 * Makes the certificate and starts the server.
 *
 * @throws if there is no openssl or no redis-server, or the latter was built without TLS
 */
export async function startTlsRedis(): Promise<TlsRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'midgard-tls-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  try {
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const options = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
    execFileSync('openssl', [...options, '-keyout', key, '-out', certificate, ...subject], { stdio: 'pipe' });
    const tlsPort = `${await freePort()}`;
    const tls = { 'tls-port': tlsPort, 'tls-cert-file': certificate, 'tls-key-file': key, 'tls-ca-cert-file': certificate, 'tls-auth-clients': 'no' };
    const server = await startServer({ save: '', appendonly: 'no', ...tls });
    const remove = async (): Promise<void> => {
      await server.remove();
      rmSync(folder, { recursive: true, force: true });
    };
    return { url: `rediss://localhost:${tlsPort}`, ca: readFileSync(certificate, 'utf8'), remove };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}
