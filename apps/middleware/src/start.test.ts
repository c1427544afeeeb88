import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { connect } from '@midgard/client';
import { realm } from '@midgard/game-realm';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ServiceProcess } from './testing/service-process.ts';

const run = promisify(execFile);
const timeout = 60_000;
const player = z.looseObject({ id: z.string() });

function json(url: string, key: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { ...init, headers: { 'X-API-Key': key, 'Content-Type': 'application/json' } });
}

function canConnect(port: number): Promise<boolean> {
  const socket = createConnection({ port, host: '127.0.0.1' });
  return once(socket, 'connect')
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.destroy());
}

describe('midgard start', { timeout }, () => {
  test('prints a curl line that works when pasted', async () => {
    await using service = new ServiceProcess();
    const { banner } = await service.start();
    const line = banner.split('\n').find((each) => each.trim().startsWith('curl'));
    const { stdout } = await run('sh', ['-c', line ?? 'false']);
    expect(JSON.parse(stdout)).toMatchObject({ name: 'Astrid', status: 'active', level: 1, version: 1 });
  });

  test('answers the same over TCP and HTTP', async () => {
    await using service = new ServiceProcess();
    const { tcpPort, baseUrl, key } = await service.start();
    const client = await connect({ port: tcpPort, auth: { kind: 'apiKey', key } });
    const created = await client.game(realm).call('player.create', { name: 'Ægir 🐉', attributes: { hair: 'red', scars: [1, { deep: null }] } });
    const overTcp = await client.game(realm).call('player.get', { id: created.id });
    await client.close();
    const response = await json(`${baseUrl}/api/v1/games/realm/players/${created.id}`, key);
    expect(response.headers.get('etag')).toBe('"1"');
    expect(await response.json()).toEqual(overTcp);
  });

  test('keeps players and keys over a restart, and ends with 0 on SIGTERM and SIGINT', async () => {
    await using service = new ServiceProcess();
    const first = await service.start();
    const created = player.parse(
      await (await json(`${first.baseUrl}/api/v1/games/realm/players`, first.key, { method: 'POST', body: '{"name":"Freya"}' })).json(),
    );
    expect(await service.end('SIGTERM')).toBe(0);
    const second = await service.start();
    expect(second.key).toBe(first.key);
    const found = await json(`${second.baseUrl}/api/v1/games/realm/players/${created.id}`, second.key);
    expect(await found.json()).toEqual(created);
    expect(await service.end('SIGINT')).toBe(0);
  });

  test('leaves secrets that only the owner reads, and no half-written file', async () => {
    await using service = new ServiceProcess();
    await service.start();
    await service.end('SIGTERM');
    const folder = path.join(service.folder, 'data');
    expect(readdirSync(folder).toSorted()).toEqual([
      'audit',
      'cache',
      'development-audit-key.json',
      'development-key',
      'development-secrets.json',
      'midgard.db',
      'realm.db',
      'signing-keys.json',
      'write-behind',
    ]);
    const all = readdirSync(folder, { recursive: true, withFileTypes: true });
    for (const entry of all) expect([entry.name, statSync(path.join(entry.parentPath, entry.name)).mode & 0o077]).toEqual([entry.name, 0]);
  });

  test('says goodbye to TCP clients and answers what they asked before it goes', async () => {
    await using service = new ServiceProcess();
    const { tcpPort, key } = await service.start();
    const client = await connect({ port: tcpPort, auth: { kind: 'apiKey', key } });
    const goodbye = new Promise<number>((resolve) => client.on('goodbye', ({ code }) => resolve(code)));
    const created = client.game(realm).call('player.create', { name: 'Last' });
    expect((await created).name).toBe('Last');
    const exitCode = await service.end('SIGTERM');
    expect(await goodbye).toBe(1008);
    expect(exitCode).toBe(0);
    await client.close();
  });

  test('waits for a request in flight on the first SIGTERM, and for nothing on the second', async () => {
    await using service = new ServiceProcess({ MIDGARD_SHUTDOWN_GRACE_MS: '600000' });
    const { baseUrl, tcpPort, key } = await service.start();
    const half = `POST /api/v1/games/realm/players HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${key}\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n`;
    const slow = createConnection({ port: Number(new URL(baseUrl).port), host: '127.0.0.1' }).on('error', () => undefined);
    slow.write(half);
    // The server asks for the body: the request is in its hands.
    await once(slow, 'data');
    service.signal('SIGTERM');
    await expect.poll(() => canConnect(tcpPort)).toBe(false);
    expect(await service.end('SIGTERM')).toBe(1);
    slow.destroy();
  });

  test('in production refuses to start without secrets and names each of them', async () => {
    await using service = new ServiceProcess({ NODE_ENV: 'production' });
    const { exitCode, stderr } = await service.command('start');
    expect(exitCode).toBe(2);
    for (const name of ['MIDGARD_AUTH_KEY_PEPPER', 'MIDGARD_AUTH_SIGNING_KEY', 'MIDGARD_AUTH_CURSOR_SECRET']) expect(stderr).toContain(name);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('in production refuses secrets that somebody else could have, names each of them and shows none', async () => {
    const jwk = '{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"k"}';
    const secrets = {
      MIDGARD_AUTH_KEY_PEPPER: 'pepper'.repeat(8),
      MIDGARD_AUTH_CURSOR_SECRET: 'changeme-changeme-changeme-changeme',
      MIDGARD_AUTH_SIGNING_KEY: jwk,
      MIDGARD_AUTH_SHARED_SECRETS: 'letmein-letmein-letmein-letmein-letmein',
    };
    const servers = '{"eu-1":{"secret":"0000000000000000000000000000000000","games":["realm"]}}';
    const others = {
      MIDGARD_CDN_PURGE_AUTH_VALUE: 'your-own-key-your-own-key',
      MIDGARD_DATABASES_REALM_URL: 'mysql://realm:changeme1@localhost/realm',
      MIDGARD_CACHE_REDIS_URL: 'redis://:passw0rd@localhost:6379',
      MIDGARD_ALERTS_CHANNELS: JSON.stringify({
        hook: { kind: 'webhook', url: 'https://example.org/', secret: 'qwerty-qwerty', headers: { 'X-Env': 'prod', Authorization: 'Bearer placeholder' } },
        mail: { kind: 'email', url: 'smtps://ops:ops@example.org', from: 'midgard@example.org', to: ['ops@example.org'] },
      }),
    };
    await using service = new ServiceProcess({ NODE_ENV: 'production', ...secrets, ...others, MIDGARD_AUTH_SERVERS: servers });
    const { exitCode, stderr } = await service.command('start');
    expect(exitCode).toBe(2);
    for (const key of ['auth.keyPepper', 'auth.cursorSecret', 'auth.signingKey', 'auth.sharedSecrets[0]', 'auth.servers.eu-1.secret'])
      expect(stderr).toContain(key);
    for (const key of ['cdn.purge.authValue', 'databases.realm.url', 'cache.redis.url']) expect(stderr).toContain(key);
    for (const key of ['hook.secret', 'hook.headers.Authorization', 'mail.url']) expect(stderr).toContain(`alerts.channels.${key}`);
    expect(stderr).not.toContain('X-Env');
    for (const value of ['pepperpepper', 'changeme', 'nWGxne', 'letmein', '00000', 'your-own', 'passw0rd', 'qwerty', 'Bearer'])
      expect(stderr).not.toContain(value);
    await using developer = new ServiceProcess({ MIDGARD_AUTH_KEY_PEPPER: 'pepper'.repeat(8) });
    expect((await developer.command('keys', 'list')).exitCode).toBe(0);
  });

  test('in production refuses to start without a key for the audit log, and with a damaged one repeats nothing of it', async () => {
    await using maker = new ServiceProcess();
    const { stdout } = await maker.command('secrets');
    const made = Object.fromEntries([...stdout.matchAll(/^(\w+)='?(.*?)'?$/gm)].map(([, name = '', value = '']) => [name, value]));
    const { MIDGARD_AUDIT_SIGNING_KEY: key = '', ...others } = made;
    await using without = new ServiceProcess({ NODE_ENV: 'production', ...others });
    const refused = await without.command('start');
    expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringContaining('MIDGARD_AUDIT_SIGNING_KEY')]);
    const { d } = JSON.parse(key);
    await using damaged = new ServiceProcess({ NODE_ENV: 'production', ...others, MIDGARD_AUDIT_SIGNING_KEY: key.slice(0, -2) });
    const told = await damaged.command('start');
    expect([told.exitCode, told.stderr.includes(d)]).toEqual([2, false]);
  });

  test('starts in production with the secrets that midgard secrets prints, and prints no key', async () => {
    await using maker = new ServiceProcess();
    const { stdout } = await maker.command('secrets');
    const secrets = Object.fromEntries([...stdout.matchAll(/^(\w+)='?(.*?)'?$/gm)].map(([, name = '', value = '']) => [name, value]));
    await using service = new ServiceProcess({ NODE_ENV: 'production', ...secrets });
    const { banner, baseUrl, key } = await service.start();
    expect([key, banner.includes('mdg_')]).toEqual(['', false]);
    expect((await fetch(`${baseUrl}/readyz`)).status).toBe(200);
    expect(readdirSync(path.join(service.folder, 'data')).filter((file) => file.startsWith('development'))).toEqual([]);
    const created = await service.command('keys', 'create', '--game', 'realm', '--role', 'viewer');
    expect(created.stdout).toMatch(/^mdg_live_/);
  });

  test('tells of a damaged secret which one it is, and nothing of its value', async () => {
    await using service = new ServiceProcess({ MIDGARD_AUTH_SIGNING_KEY: '{"d":hunter2hunter2}' });
    const { exitCode, stderr } = await service.command('start');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('MIDGARD_AUTH_SIGNING_KEY');
    expect(stderr).not.toContain('hunter2');
  });

  test('tells every error of a bad configuration at once, with what was meant', async () => {
    await using service = new ServiceProcess({ MIDGARD_SERVER_TCP_PORT: 'eighty' });
    writeFileSync(path.join(service.folder, 'midgard.yaml'), 'server:\n  htpp:\n    port: 1\n  http:\n    port: 99999\n');
    const { exitCode, stderr } = await service.command('start');
    expect(exitCode).toBe(2);
    for (const expected of ['MIDGARD_SERVER_TCP_PORT', 'server.http.port', 'htpp', 'did you mean']) expect(stderr).toContain(expected);
  });

  test('says which port is taken', async () => {
    await using service = new ServiceProcess();
    const { tcpPort } = await service.start();
    await using second = new ServiceProcess({ MIDGARD_SERVER_TCP_PORT: String(tcpPort), MIDGARD_SERVER_HTTP_PORT: '0' });
    const { exitCode, stderr } = await second.command('start');
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`port ${tcpPort} is taken`);
  });
});
