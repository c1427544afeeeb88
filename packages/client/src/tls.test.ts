import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as dial } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { expect, test } from 'vitest';
import { connect } from './tcp-client.ts';
import { harness } from './testing/harness.ts';

const start = harness();
const auth = { kind: 'apiKey', key: 'k' } as const;

/** A certificate for one test. */
function selfSigned(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'midgard-client-tls-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=localhost', '-days', '1'];
    execFileSync('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the same protocol over TLS 1.3; a certificate that nobody vouches for is refused', async () => {
  const certificate = selfSigned();
  const backend = await start.server();
  const protocols: (string | null)[] = [];
  const server = createServer(certificate, (socket) => {
    protocols.push(socket.getProtocol());
    const plain = dial(backend.port, '127.0.0.1');
    for (const end of [socket, plain]) end.on('error', () => {});
    socket.pipe(plain).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  await expect(connect({ port, auth, tls: {} })).rejects.toMatchObject({ code: 'ERR_CLIENT_CONNECT' });
  const client = await connect({ port, auth, tls: { ca: certificate.cert, servername: 'localhost' } });
  expect(await client.request({ game: 7, operation: 1, input: { over: 'TLS' } })).toEqual({ over: 'TLS' });
  expect(protocols).toEqual(['TLSv1.3']);
  await client.close();
  await new Promise((resolve) => server.close(resolve));
});
