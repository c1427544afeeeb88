import { chmodSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { configSchema } from '../../config-schema.ts';
import { CertificateFolder } from '@midgard/test-services';
import { type CertificateReport, examineCertificates, lineOfCertificate } from './examine-certificates.ts';

const dayMs = 86_400_000;

/** What the doctor finds so many days from now, for a certificate of 90 days. */
function foundAfter(days: number, prepare: (certificates: CertificateFolder) => void = () => undefined): CertificateReport | undefined {
  const certificates = new CertificateFolder();
  onTestFinished(() => certificates[Symbol.dispose]());
  certificates.selfSigned('tls', { days: 90 });
  prepare(certificates);
  const tls = { certFile: certificates.file('tls.crt'), keyFile: certificates.file('tls.key') };
  return examineCertificates(configSchema.parse({ server: { tcp: { tls } } }), Date.now() + days * dayMs)[0];
}

test.each([
  [0, []],
  [75, []],
  [77, ['expires in 12 days; renew it']],
  [91, ['has expired; renew it']],
])('after %i of 90 days: %j', (days, troubles) => {
  const found = foundAfter(days);
  expect(found?.troubles).toEqual(troubles);
  expect(found === undefined ? '' : lineOfCertificate(found)).toMatch(/^[✓!] tls tcp {2}.*tls\.crt, good until \d{4}-\d\d-\d\dT/);
});

test('a key that others may read, and one that is none, are found', () => {
  expect(foundAfter(0, (certificates) => chmodSync(certificates.file('tls.key'), 0o644))?.troubles).toEqual([expect.stringContaining('chmod 600')]);
  const broken = foundAfter(0, (certificates) => writeFileSync(certificates.file('tls.key'), 'hunter2'));
  expect(broken).toMatchObject({ expiresAt: null, troubles: [expect.stringContaining('tls.key has no private key')] });
  expect(JSON.stringify(broken)).not.toContain('hunter2');
});

test('a front end without TLS has nothing to be looked at', () => {
  expect(examineCertificates(configSchema.parse({}), 0)).toEqual([]);
});
