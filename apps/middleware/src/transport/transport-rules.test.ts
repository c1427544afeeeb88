import { chmodSync } from 'node:fs';
import { expect, test } from 'vitest';
import { configSchema } from '../config-schema.ts';
import { CertificateFolder } from '@midgard/test-services';
import { looseKeyFiles, requireSafeTransport } from './transport-rules.ts';

const tls = { certFile: 'tls.crt', keyFile: 'tls.key' };

function serverWith(tcp: object, http: object): Parameters<typeof requireSafeTransport>[0] {
  return configSchema.parse({ server: { tcp, http } });
}

test.each([
  ['every interface', { host: '0.0.0.0' }, {}, ['server.tcp']],
  ['every interface of IPv6', {}, { host: '::' }, ['server.http']],
  ['a public address', { host: '203.0.113.7' }, {}, ['server.tcp']],
  ['a private address', { host: '10.0.0.7' }, {}, ['server.tcp']],
  ['a name', {}, { host: 'midgard.example' }, ['server.http']],
  ['both', { host: '0.0.0.0' }, { host: '0.0.0.0' }, ['server.tcp', 'server.http']],
  ['one of them with TLS', { host: '0.0.0.0', tls }, { host: '0.0.0.0' }, ['server.http']],
])('production refuses plain text on %s, and names the key and what to do', (_name, tcp, http, keys) => {
  const server = serverWith(tcp, http);
  const refusal = (): void => requireSafeTransport(server, true);
  expect(refusal).toThrow(expect.objectContaining({ code: 'ERR_SETUP_PLAINTEXT' }));
  for (const key of ['server.tcp', 'server.http']) {
    const named = expect.stringContaining(`set ${key}.tls, or ${key}.allowPlaintext: true`);
    expect(refusal).toThrow(expect.objectContaining({ message: keys.includes(key) ? named : expect.not.stringContaining(`${key}.tls`) }));
  }
  expect(() => requireSafeTransport(server, false)).not.toThrow();
});

test.each([
  ['loopback', { host: '127.0.0.1' }, { host: '::1' }],
  ['localhost', { host: 'localhost' }, { host: 'localhost' }],
  ['TLS', { host: '0.0.0.0', tls }, { host: '0.0.0.0', tls }],
  ['who says so', { host: '0.0.0.0', allowPlaintext: true }, { host: '0.0.0.0', allowPlaintext: true }],
])('production takes %s', (_name, tcp, http) => {
  expect(() => requireSafeTransport(serverWith(tcp, http), true)).not.toThrow();
});

test.each([
  '*',
  'null',
  'https://shop.example/',
  'https://shop.example/path',
  'shop.example',
  'https://*.shop.example',
  'HTTPS://shop.example',
  'https://user@shop.example',
  'ftp://shop.example',
])('the CORS origin %s is refused, with the place', (origin) => {
  const { error } = configSchema.safeParse({ server: { http: { corsOrigins: [origin] } } });
  expect(error?.issues.map(({ path }) => path.join('.'))).toEqual(['server.http.corsOrigins.0']);
});

test.each(['https://shop.example', 'http://localhost:5173', 'https://[::1]:8443'])('the CORS origin %s is taken', (origin) => {
  expect(configSchema.safeParse({ server: { http: { corsOrigins: [origin] } } }).success).toBe(true);
});

test.each(['10.0.0.0/33', 'proxy.example', '10.0.0.0/8/8', ''])('%j is no proxy', (network) => {
  const { error } = configSchema.safeParse({ server: { http: { trustedProxies: [network] } } });
  expect(error?.issues.map(({ path }) => path.join('.'))).toEqual(['server.http.trustedProxies.0']);
});

test.each(['request', 'require'])('client certificates (%s) without an authority are refused', (clientCertificate) => {
  const { error } = configSchema.safeParse({ server: { tcp: { tls: { ...tls, clientCertificate } } } });
  expect(error?.issues.map(({ path }) => path.join('.'))).toEqual(['server.tcp.tls.caFile']);
});

test('a private key that others may read is told of', () => {
  using certificates = new CertificateFolder();
  certificates.selfSigned('tls');
  const files = { certFile: certificates.file('tls.crt'), keyFile: certificates.file('tls.key') };
  const { server } = configSchema.parse({ server: { tcp: { tls: files }, http: { tls: files } } });
  chmodSync(files.keyFile, 0o600);
  expect(looseKeyFiles({ server })).toEqual([]);
  chmodSync(files.keyFile, 0o644);
  expect(looseKeyFiles({ server })).toEqual([expect.stringContaining(`${files.keyFile} can be read by every user`)]);
});
