import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { Kind } from '@midgard/codec';
import { expect, test } from 'vitest';
import { start, until } from '../testing/harness.ts';
import { TestClient } from '../testing/test-client.ts';

/** A certificate for one test. */
function selfSigned(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'midgard-tls-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=localhost', '-days', '1'];
    execFileSync('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the same protocol over TLS 1.3; what is no TLS is dropped without harm', async () => {
  const tls = selfSigned();
  const harness = await start({ tls, maxInFlight: 2000 });
  const plain = connect({ port: harness.port, host: '127.0.0.1' });
  plain.on('error', () => undefined);
  plain.write('no TLS at all, but more than a few bytes of text');
  await new Promise((resolve) => plain.once('close', resolve));

  const socket = connectTls({ port: harness.port, host: '127.0.0.1', ca: tls.cert, servername: 'localhost' });
  const client = new TestClient(socket);
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  expect(socket.getProtocol()).toBe('TLSv1.3');
  expect((await client.hello())?.kind).toBe(Kind.welcome);
  for (let id = 1; id <= 1000; id += 1) client.request(id, 1, { id });
  const answers = await client.take(1000);
  for (const { requestId, body } of answers) expect(body).toEqual({ echo: { id: requestId }, written: 0 });
  client.request(1, 103, { bytes: 900_000 });
  expect((await client.next())?.body).toEqual({ blob: 'x'.repeat(900_000) });
  client.close();
  await until(() => harness.server.connections === 0);
});
