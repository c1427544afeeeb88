import { once } from 'node:events';
import type { ConnectionOptions } from 'node:tls';
import { connect as connectTls } from 'node:tls';
import { Kind } from '@midgard/codec';
import { CertificateFolder } from '@midgard/test-services';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Authenticator } from '../authenticator.ts';
import type { ClientCertificate, TlsSetup } from '../tls/secure-listener.ts';
import type { Harness } from '../testing/harness.ts';
import { start } from '../testing/harness.ts';
import { fakeAuthenticator } from '../testing/principals.ts';
import { TestClient } from '../testing/test-client.ts';

const certificates = new CertificateFolder();
let server: TlsSetup;
beforeAll(() => {
  const fleet = certificates.authority('fleet');
  certificates.authority('strangers');
  server = { ...certificates.selfSigned('server'), ca: fleet.cert };
});
afterAll(() => certificates[Symbol.dispose]());

/** Takes every proof, so that what is refused is refused for its certificate. */
const authenticator: Authenticator = {
  ...fakeAuthenticator,
  fromHello: (auth, address) => fakeAuthenticator.fromHello(auth.kind === 'hmac' ? { kind: 'apiKey', key: 'server' } : auth, address),
};

function requiring(clientCertificate: ClientCertificate): Promise<Harness> {
  return start({ tls: { ...server, clientCertificate }, authenticator });
}

/** A client that gives its hello at once; the answer is null where the server hangs up. */
async function hello({ port }: Harness, auth: object, options: ConnectionOptions = {}): Promise<unknown> {
  const socket = connectTls({ port, host: '127.0.0.1', ca: server.cert.toString(), servername: 'localhost', ...options });
  const client = new TestClient(socket);
  onTestFinished(() => client.close());
  const answer = await client.hello({ auth });
  return answer === null ? null : answer.kind === Kind.welcome ? 'welcome' : answer.body;
}

function proof(serverId: string): object {
  return { kind: 'hmac', serverId, timestamp: 1, nonce: 'n'.repeat(22), signature: 's'.repeat(43) };
}

describe('with client certificates required', () => {
  test.each<[string, string, string, string]>([
    ['the URI of its certificate', 'by-uri', 'URI:urn:midgard:server:arena-1', 'welcome'],
    ['a DNS name of its certificate', 'by-dns', 'DNS:arena-1', 'welcome'],
    ['the common name of a certificate that has other names', 'arena-1', 'DNS:arena-2', 'refused'],
    ['the certificate of another server', 'other', 'URI:urn:midgard:server:arena-2', 'refused'],
    ['a certificate whose name begins like its own', 'longer', 'URI:urn:midgard:server:arena-1x', 'refused'],
    ['a certificate with a wildcard', 'wild', 'DNS:*, DNS:*.example', 'refused'],
  ])('a game server is who it says by %s: %s, %s, %s', async (_name, name, altNames, outcome) => {
    const answer = await hello(await requiring('require'), proof('arena-1'), certificates.client(name, 'fleet', altNames));
    expect(answer).toEqual(outcome === 'welcome' ? 'welcome' : expect.objectContaining({ code: 3003 }));
  });

  test('an API key needs a certificate too, of any server', async () => {
    const harness = await requiring('require');
    const auth = { kind: 'apiKey', key: 'server' };
    expect(await hello(harness, auth, certificates.client('any', 'fleet', 'DNS:any'))).toBe('welcome');
    expect(await hello(harness, auth)).toBeNull();
    expect(harness.metrics.opened).toBe(1);
  });

  test('a certificate of another authority does not get in', async () => {
    const harness = await requiring('require');
    expect(await hello(harness, proof('arena-1'), certificates.client('forged', 'strangers', 'DNS:arena-1'))).toBeNull();
    expect(harness.metrics.opened).toBe(0);
  });

  test('a session is not resumed without the certificate', async () => {
    const harness = await requiring('require');
    const own = certificates.client('resuming', 'fleet', 'DNS:arena-1');
    const first = connectTls({ port: harness.port, host: '127.0.0.1', ca: server.cert.toString(), servername: 'localhost', ...own });
    let session: Buffer | undefined;
    first.on('session', (given: Buffer) => (session = given));
    const client = new TestClient(first);
    onTestFinished(() => client.close());
    expect((await client.hello({ auth: proof('arena-1') }))?.kind).toBe(Kind.welcome);
    expect(await hello(harness, proof('arena-1'), session === undefined ? {} : { session })).toBeNull();
  });
});

describe('with client certificates asked for', () => {
  test('who shows none is judged by the secret alone, who shows one by both', async () => {
    const harness = await requiring('request');
    expect(await hello(harness, proof('arena-1'))).toBe('welcome');
    expect(await hello(harness, proof('arena-1'), certificates.client('own', 'fleet', 'DNS:arena-1'))).toBe('welcome');
    expect(await hello(harness, proof('arena-1'), certificates.client('others', 'fleet', 'DNS:arena-2'))).toMatchObject({ code: 3003 });
    expect(await hello(harness, proof('arena-1'), certificates.client('false', 'strangers', 'DNS:arena-1'))).toBeNull();
  });
});

test('a new certificate is for new connections, and an open one goes on', async () => {
  const harness = await requiring('require');
  const own = certificates.client('renewing', 'fleet', 'DNS:arena-1');
  const socket = connectTls({ port: harness.port, host: '127.0.0.1', ca: server.cert.toString(), servername: 'localhost', ...own });
  const client = new TestClient(socket);
  onTestFinished(() => client.close());
  await client.hello({ auth: proof('arena-1') });
  harness.server.renewTls({ ...certificates.selfSigned('renewed'), ca: certificates.authority('newer').cert });
  expect((await client.call(1, 1, {}))?.kind).toBe(Kind.response);
  // The authority is another one too: who was good before is not any more.
  const renewed = connectTls({ port: harness.port, host: '127.0.0.1', rejectUnauthorized: false, servername: 'localhost', ...own });
  await once(renewed, 'close');
  const newer = { ca: certificates.selfSigned('unused').cert, rejectUnauthorized: false, ...certificates.client('newest', 'newer', 'DNS:arena-1') };
  expect(await hello(harness, proof('arena-1'), newer)).toBe('welcome');
});
