import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A private key and its certificate in PEM. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

/** A folder of certificates for one test, made by the lines that the middleware's README gives. */
export class CertificateFolder implements Disposable {
  readonly folder: string = mkdtempSync(path.join(tmpdir(), 'midgard-certificates-'));

  /** The path of a file in it. */
  file(name: string): string {
    return path.join(this.folder, name);
  }

  /** Makes an authority, `<name>.key` and `<name>.crt`. */
  authority(name: string): KeyPair {
    const extensions = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
    this.#openssl('req', '-x509', ...ecKey, '-days', '3650', '-subj', `/CN=${name}`, ...extensions, '-keyout', `${name}.key`, '-out', `${name}.crt`);
    return this.#pair(name);
  }

  /** Makes a certificate of its own root for `localhost`. */
  selfSigned(name: string, { days = 90 }: { readonly days?: number } = {}): KeyPair {
    const extensions = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    this.#openssl('req', '-x509', ...ecKey, '-days', String(days), '-subj', '/CN=localhost', ...extensions, '-keyout', `${name}.key`, '-out', `${name}.crt`);
    return this.#pair(name);
  }

  /** Makes a client certificate. @param names such as `URI:urn:midgard:server:arena-1` */
  client(name: string, authority: string, names: string): KeyPair {
    this.#openssl(
      'req',
      ...ecKey,
      '-subj',
      `/CN=${name}`,
      '-addext',
      `subjectAltName=${names}`,
      '-addext',
      'extendedKeyUsage=clientAuth',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    );
    const signer = ['-CA', `${authority}.crt`, '-CAkey', `${authority}.key`, '-CAcreateserial'];
    this.#openssl('x509', '-req', '-in', `${name}.csr`, ...signer, '-days', '90', '-copy_extensions', 'copy', '-out', `${name}.crt`);
    return this.#pair(name);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }

  #pair(name: string): KeyPair {
    return { key: readFileSync(this.file(`${name}.key`), 'utf8'), cert: readFileSync(this.file(`${name}.crt`), 'utf8') };
  }

  #openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { cwd: this.folder, stdio: 'ignore' });
  }
}

const ecKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'] as const;
