import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Kind } from '@midgard/codec';
import { CertificateFolder } from '@midgard/test-services';
import { expect, test } from 'vitest';
import { start, until } from '../testing/harness.ts';
import { TestClient } from '../testing/test-client.ts';

test('the same protocol over TLS 1.3; what is no TLS is dropped without harm', async () => {
  using certificates = new CertificateFolder();
  const tls = certificates.selfSigned('server');
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
