import { cpSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { SetupError } from '../setup-error.ts';
import { CertificateFolder } from '@midgard/test-services';
import { readCertificate } from './certificate.ts';
import { CertificateWatch } from './certificate-watch.ts';

const clientCertificate = 'none';

interface Watched {
  readonly certificates: CertificateFolder;
  readonly watch: CertificateWatch;
  readonly applied: unknown[];
  readonly refused: SetupError[];
}

/** A watch on the files `certFile` and `keyFile` of a folder that has the pairs `first` and `second`. */
function watched(prepare: (certificates: CertificateFolder) => { readonly certFile: string; readonly keyFile: string }): Watched {
  const certificates = new CertificateFolder();
  certificates.selfSigned('first');
  certificates.selfSigned('second');
  const applied: unknown[] = [];
  const refused: SetupError[] = [];
  const watch = new CertificateWatch(
    { ...prepare(certificates), clientCertificate },
    { onRenewed: () => undefined, onRefused: (error) => refused.push(error) },
  );
  onTestFinished(() => {
    watch[Symbol.dispose]();
    certificates[Symbol.dispose]();
  });
  watch.follow(({ cert }) => applied.push(cert));
  return { certificates, watch, applied, refused };
}

function use(certificates: CertificateFolder, pair: string): { certFile: string; keyFile: string } {
  for (const end of ['crt', 'key']) {
    cpSync(certificates.file(`${pair}.${end}`), certificates.file(`new.${end}`));
    renameSync(certificates.file(`new.${end}`), certificates.file(`tls.${end}`));
  }
  return { certFile: certificates.file('tls.crt'), keyFile: certificates.file('tls.key') };
}

function contentOf(certificates: CertificateFolder, pair: string): unknown {
  return readCertificate({ certFile: certificates.file(`${pair}.crt`), keyFile: certificates.file(`${pair}.key`), clientCertificate }).identity.cert;
}

test('files that are renamed over the old ones, as ACME clients do, are taken', async () => {
  const { certificates, applied, refused } = watched((folder) => use(folder, 'first'));
  use(certificates, 'second');
  await expect.poll(() => applied, { timeout: 10_000 }).toEqual([contentOf(certificates, 'second')]);
  expect(refused).toEqual([]);
});

test('a link that points elsewhere, as in a secret that Kubernetes mounts, is followed', async () => {
  const { certificates, applied } = watched((folder) => {
    const mount = folder.file('mount');
    for (const pair of ['first', 'second']) {
      mkdirSync(path.join(mount, `..${pair}`), { recursive: true });
      for (const end of ['crt', 'key']) cpSync(folder.file(`${pair}.${end}`), path.join(mount, `..${pair}`, `tls.${end}`));
    }
    symlinkSync('..first', path.join(mount, '..data'));
    for (const end of ['crt', 'key']) symlinkSync(`..data/tls.${end}`, path.join(mount, `tls.${end}`));
    return { certFile: path.join(mount, 'tls.crt'), keyFile: path.join(mount, 'tls.key') };
  });
  symlinkSync('..second', certificates.file('mount/..data_tmp'));
  renameSync(certificates.file('mount/..data_tmp'), certificates.file('mount/..data'));
  await expect.poll(() => applied, { timeout: 10_000 }).toEqual([contentOf(certificates, 'second')]);
});

test.each<[string, string, string, string]>([
  ['a key that is none', 'key', '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n', 'tls.key'],
  ['an empty key', 'key', '', 'tls.key'],
  ['a certificate that is none', 'crt', '-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----\n', 'tls.crt'],
  ['an empty certificate', 'crt', '', 'tls.crt'],
])('%s keeps the pair before it, is told of once with the file and nothing of its content', (_name, end, content, named) => {
  const { certificates, watch, applied, refused } = watched((folder) => use(folder, 'first'));
  writeFileSync(certificates.file(`tls.${end}`), content);
  watch.reload();
  watch.reload();
  expect(refused.map(({ code }) => code)).toEqual(['ERR_SETUP_TLS']);
  expect(refused[0]?.message).toContain(certificates.file(named));
  expect(JSON.stringify(refused)).not.toContain('hunter2');
  expect(refused[0]?.message).not.toContain('hunter2');
  expect(applied).toEqual([]);
  expect(watch.current.identity.cert).toBe(contentOf(certificates, 'first'));
});

test('a certificate without its key is not taken, and the pair is, once the key has come', () => {
  const { certificates, watch, applied, refused } = watched((folder) => use(folder, 'first'));
  cpSync(certificates.file('second.crt'), certificates.file('tls.crt'));
  watch.reload();
  expect([applied, refused.length]).toEqual([[], 1]);
  cpSync(certificates.file('second.key'), certificates.file('tls.key'));
  watch.reload();
  expect(applied).toEqual([contentOf(certificates, 'second')]);
});
