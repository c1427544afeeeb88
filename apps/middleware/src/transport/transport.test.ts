import { randomBytes } from 'node:crypto';
import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { signHandshake } from '@midgard/auth';
import { connect } from '@midgard/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CertificateFolder } from '@midgard/test-services';
import { ServiceProcess, type StartedService } from '../testing/service-process.ts';

const timeout = 60_000;
const secret = 'a secret of the game server arena-1 and long enough';

type Proof = Exclude<Parameters<typeof connect>[0]['auth'], (...args: never) => unknown>;

interface Secured extends StartedService {
  readonly service: ServiceProcess;
  readonly certificates: CertificateFolder;
}

/** A service with TLS on both front ends, and the certificates `server` and `other`, `arena-1` and `arena-2` of the authority `fleet`. */
async function secured(env: Readonly<Record<string, string>> = {}): Promise<Secured> {
  const certificates = new CertificateFolder();
  certificates.authority('fleet');
  certificates.selfSigned('server');
  certificates.selfSigned('other');
  for (const id of ['arena-1', 'arena-2']) certificates.client(id, 'fleet', `URI:urn:midgard:server:${id}`);
  const front = (name: string): Record<string, string> => ({
    [`MIDGARD_SERVER_${name}_TLS_CERT_FILE`]: certificates.file('server.crt'),
    [`MIDGARD_SERVER_${name}_TLS_KEY_FILE`]: certificates.file('server.key'),
    [`MIDGARD_SERVER_${name}_TLS_CA_FILE`]: certificates.file('fleet.crt'),
  });
  const servers = `{ arena-1: { secret: "${secret}", games: [realm] } }`;
  const service = new ServiceProcess({ ...front('TCP'), ...front('HTTP'), MIDGARD_AUTH_SERVERS: servers, ...env });
  onTestFinished(async () => {
    await service[Symbol.asyncDispose]();
    certificates[Symbol.dispose]();
  });
  return { ...(await service.start()), service, certificates };
}

/** What a client trusts, and who it is where it has a certificate. */
function trusting(certificates: CertificateFolder, server: string, client?: string): ConnectionOptions {
  const own = client === undefined ? {} : { cert: readFileSync(certificates.file(`${client}.crt`)), key: readFileSync(certificates.file(`${client}.key`)) };
  return { ca: readFileSync(certificates.file(`${server}.crt`)), servername: 'localhost', ...own };
}

function handshake(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', ...options }, () => resolve(socket)).on('error', reject);
    onTestFinished(() => void socket.destroy());
  });
}

/** Status, headers and body of a GET. */
function get(url: string, options: ConnectionOptions): Promise<{ status: number | undefined; hsts: string | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ...options, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode, hsts: response.headers['strict-transport-security'], text }));
    });
    sent.on('error', reject).end();
  });
}

describe('TLS by configuration', { timeout }, () => {
  test('both front ends speak it, TLS 1.2 is refused, and a new certificate is taken without a restart while open connections stay', async () => {
    const { service, certificates, tcpPort, baseUrl, key } = await secured();
    const port = Number(new URL(baseUrl).port);
    const tls = trusting(certificates, 'server');
    expect(baseUrl).toMatch(/^https:/);
    const client = await connect({ port: tcpPort, auth: { kind: 'apiKey', key }, tls });
    const answer = await get(`${baseUrl}/livez`, tls);
    expect(answer).toMatchObject({ status: 200, hsts: 'max-age=31536000' });
    for (const each of [tcpPort, port])
      await expect(handshake(each, { ...tls, maxVersion: 'TLSv1.2' })).rejects.toMatchObject({ code: expect.stringMatching(/PROTOCOL_VERSION/) });

    // The key of another pair first: nothing changes but the log.
    cpSync(certificates.file('other.key'), certificates.file('server.key'));
    service.signal('SIGHUP');
    await expect.poll(() => service.logs.filter(({ level }) => level === 'error').length, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
    expect(service.logs.find(({ level }) => level === 'error')).toMatchObject({ reason: expect.stringContaining(certificates.file('server.key')) });
    expect(JSON.stringify(service.logs)).not.toContain('PRIVATE KEY');
    expect((await get(`${baseUrl}/livez`, tls)).status).toBe(200);

    for (const end of ['crt', 'key']) {
      cpSync(certificates.file(`other.${end}`), certificates.file(`new.${end}`));
      renameSync(certificates.file(`new.${end}`), certificates.file(`server.${end}`));
    }
    service.signal('SIGHUP');
    const renewed = trusting(certificates, 'other');
    await expect.poll(() => service.logs.filter(({ msg }) => msg === 'certificate renewed').length, { timeout: 10_000 }).toBe(2);
    for (const each of [tcpPort, port]) {
      const socket = await handshake(each, renewed);
      expect(socket.getProtocol()).toBe('TLSv1.3');
      await expect(handshake(each, { ...renewed, maxVersion: 'TLSv1.2' })).rejects.toMatchObject({ code: expect.stringMatching(/PROTOCOL_VERSION/) });
    }
    const metrics = (await get(`${baseUrl}/metrics`, renewed)).text;
    const expires = Number(/midgard_tls_certificate_expires_seconds\{endpoint="tcp"\} (\S+)/.exec(metrics)?.[1]);
    expect(Math.abs(expires - (Date.now() / 1000 + 90 * 86_400))).toBeLessThan(86_400);
    // The connection from before the change.
    expect(await client.whoami()).toMatchObject({ roles: ['game-server'] });
    await client.close();
  });

  test('with a file that is broken it does not start, and names the file and nothing in it', async () => {
    using certificates = new CertificateFolder();
    certificates.selfSigned('server');
    writeFileSync(certificates.file('server.key'), '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n');
    await using service = new ServiceProcess({
      MIDGARD_SERVER_HTTP_TLS_CERT_FILE: certificates.file('server.crt'),
      MIDGARD_SERVER_HTTP_TLS_KEY_FILE: certificates.file('server.key'),
    });
    const { exitCode, stderr } = await service.command('start');
    expect(exitCode).toBe(2);
    expect(stderr).toContain(certificates.file('server.key'));
    expect(stderr).not.toContain('hunter2');
  });
});

test('a game server needs its own client certificate beside its secret', { timeout }, async () => {
  const { certificates, tcpPort } = await secured({ MIDGARD_SERVER_TCP_TLS_CLIENT_CERTIFICATE: 'require' });
  const client = await connect({ port: tcpPort, auth: proof, tls: trusting(certificates, 'server', 'arena-1') });
  expect(await client.whoami()).toMatchObject({ subject: 'server:arena-1' });
  await client.close();
  await expect(connect({ port: tcpPort, auth: proof, tls: trusting(certificates, 'server', 'arena-2') })).rejects.toMatchObject({ code: 3003 });
  await expect(connect({ port: tcpPort, auth: proof, tls: trusting(certificates, 'server') })).rejects.toMatchObject({ code: 'ERR_CLIENT_CONNECT' });
});

/** Statuses of log-ins that a client says to come from these addresses. */
async function logIns(env: Readonly<Record<string, string>>, addresses: readonly string[]): Promise<boolean[]> {
  await using service = new ServiceProcess({ MIDGARD_LIMITS_LOGIN: '{ perSecond: 0.001, burst: 1 }', ...env });
  const { baseUrl } = await service.start();
  const taken: boolean[] = [];
  for (const address of addresses) {
    const headers = { 'Content-Type': 'application/json', 'X-Forwarded-For': address };
    const response = await fetch(`${baseUrl}/api/v1/games/realm/auth/login`, { method: 'POST', body: '{}', headers });
    await response.body?.cancel();
    taken.push(response.status !== 429);
  }
  return taken;
}

describe('log-ins are limited by the address of the client', { timeout }, () => {
  test('a forged X-Forwarded-For from who is no proxy gives nobody another address', async () => {
    expect(await logIns({}, ['198.51.100.1', '198.51.100.2'])).toEqual([true, false]);
  });

  test('that of a proxy is believed, and not what its client wrote before', async () => {
    const forged = ['198.51.100.1', '198.51.100.2', '203.0.113.5, 198.51.100.2'];
    expect(await logIns({ MIDGARD_SERVER_HTTP_TRUSTED_PROXIES: '127.0.0.0/8,::1' }, forged)).toEqual([true, true, false]);
  });
});

test('in production plain text beyond the machine itself is refused, with the keys to set', { timeout }, async () => {
  await using service = new ServiceProcess({ NODE_ENV: 'production', MIDGARD_SERVER_TCP_HOST: '0.0.0.0', ...(await secretsOfProduction()) });
  const { exitCode, stderr } = await service.command('start');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('server.tcp.allowPlaintext');
});

/** What the game server says of itself, each time anew. */
function proof(): Proof {
  const claim = { serverId: 'arena-1', timestamp: Date.now(), nonce: randomBytes(16).toString('base64url') };
  return { kind: 'hmac', ...claim, signature: signHandshake({ ...claim, secret: Buffer.from(secret) }) };
}

async function secretsOfProduction(): Promise<Record<string, string>> {
  await using maker = new ServiceProcess();
  const { stdout } = await maker.command('secrets');
  return Object.fromEntries([...stdout.matchAll(/^(\w+)='?(.*?)'?$/gm)].map(([, name = '', value = '']) => [name, value]));
}
