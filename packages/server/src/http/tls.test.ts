import { once } from 'node:events';
import { request } from 'node:https';
import { connect } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { CertificateFolder } from '@midgard/test-services';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Fixture } from './testing/fixture.ts';
import { fixtureOfTest, startFixture } from './testing/fixture.ts';
import { sendRaw } from './testing/raw.ts';

function folderOfTest(): CertificateFolder {
  const certificates = new CertificateFolder();
  onTestFinished(() => certificates[Symbol.dispose]());
  return certificates;
}

/** The answer to a GET; its head alone is awaited where `onHead` is of use. */
function get({ port }: Fixture, path: string, options: ConnectionOptions): Promise<{ status: number | undefined; hsts: string | undefined }> {
  return new Promise((resolve, reject) => {
    const headers = { 'X-API-Key': 'server' };
    const sent = request({ port, host: '127.0.0.1', path, headers, servername: 'localhost', ...options, agent: false }, (response) => {
      response.resume();
      resolve({ status: response.statusCode, hsts: response.headers['strict-transport-security'] });
    });
    sent.on('error', reject).end();
  });
}

test('HTTPS is TLS 1.3, tells browsers to stay with it, and plain HTTP on its port is dropped', async () => {
  const tls = folderOfTest().selfSigned('server');
  const fixture = await fixtureOfTest({ listen: { tls } });
  for (const path of ['/livez', '/nothing', '/api/v1/games/fake/config']) expect((await get(fixture, path, { ca: tls.cert })).hsts).toBe('max-age=31536000');
  await expect(get(fixture, '/livez', { ca: tls.cert, maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/);
  expect(await sendRaw(fixture.port, 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n')).not.toContain('HTTP/1.1');
  expect((await get(fixture, '/livez', { ca: tls.cert })).status).toBe(200);
});

describe('client certificates', () => {
  test('required: nobody else gets in; asked for: who shows one must show a good one', async () => {
    const certificates = folderOfTest();
    const fleet = certificates.authority('fleet');
    const server = { ...certificates.selfSigned('server'), ca: fleet.cert };
    certificates.authority('strangers');
    const [good, bad] = [certificates.client('web-1', 'fleet', 'DNS:web-1'), certificates.client('web-2', 'strangers', 'DNS:web-1')];
    const required = await fixtureOfTest({ listen: { tls: { ...server, clientCertificate: 'require' } } });
    const requested = await fixtureOfTest({ listen: { tls: { ...server, clientCertificate: 'request' } } });
    const trust = { ca: server.cert };
    for (const fixture of [required, requested]) {
      expect((await get(fixture, '/livez', { ...trust, ...good })).status).toBe(200);
      await expect(get(fixture, '/livez', { ...trust, ...bad })).rejects.toThrow();
    }
    await expect(get(required, '/livez', trust)).rejects.toThrow();
    expect((await get(requested, '/livez', trust)).status).toBe(200);
  });

  test('without an authority that signs them are a mistake of the set-up', async () => {
    const tls = { ...folderOfTest().selfSigned('server'), clientCertificate: 'require' } as const;
    await expect(fixtureOfTest({ listen: { tls } })).rejects.toMatchObject({ code: 'ERR_SERVER_OPTION' });
  });
});

test('a new certificate is for new connections; an open one goes on; a broken one changes nothing', async () => {
  const certificates = folderOfTest();
  const [before, after] = [certificates.selfSigned('before'), certificates.selfSigned('after')];
  const fixture = await fixtureOfTest({ listen: { tls: before } });
  const open = connectTls({ port: fixture.port, host: '127.0.0.1', ca: before.cert, servername: 'localhost' });
  await once(open, 'secureConnect');
  expect(() => fixture.server.renewTls({ key: before.key, cert: after.cert })).toThrow();
  expect((await get(fixture, '/livez', { ca: before.cert })).status).toBe(200);
  fixture.server.renewTls(after);
  expect((await get(fixture, '/livez', { ca: after.cert })).status).toBe(200);
  await expect(get(fixture, '/livez', { ca: before.cert })).rejects.toThrow();
  await expect(get(fixture, '/livez', { ca: after.cert, maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/);
  open.write('GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  expect(String((await once(open, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /);
});

test('a server without TLS has no certificate to renew', async () => {
  const fixture = await fixtureOfTest();
  expect(() => fixture.server.renewTls({ key: '', cert: '' })).toThrow(expect.objectContaining({ code: 'ERR_SERVER_STATE' }));
});

test('going down under TLS: a request in flight is answered, idle connections and half-done handshakes are closed', async () => {
  const tls = folderOfTest().selfSigned('server');
  const fixture = await startFixture({ listen: { tls } });
  const idle = connectTls({ port: fixture.port, host: '127.0.0.1', ca: tls.cert, servername: 'localhost' }).on('error', () => undefined);
  await once(idle, 'secureConnect');
  const halfDone = connect(fixture.port, '127.0.0.1').on('error', () => undefined);
  await once(halfDone, 'connect');
  const busy = get(fixture, '/api/v1/games/fake/slow', { ca: tls.cert });
  await fixture.game.entered;
  const closed = Promise.all([once(idle.resume(), 'close'), once(halfDone.resume(), 'close')]);
  const stopped = fixture.server.stop({ graceMs: 60_000 });
  await closed;
  fixture.game.finishSlow();
  expect((await busy).status).toBe(200);
  await stopped;
});
