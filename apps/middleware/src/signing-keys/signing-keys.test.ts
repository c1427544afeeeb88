import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generateSigningKey } from '@midgard/auth';
import { connect } from '@midgard/client';
import { until } from '@midgard/test-services';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { callRealm } from '../testing/realm-http.ts';
import { ServiceProcess, type StartedService } from '../testing/service-process.ts';
import { openKeyRing } from './open-key-ring.ts';

/** Each command is a process of its own, and a busy machine takes its time to start one. */
const timeout = 240_000;
const credentials = { name: 'Mira', password: 'correct horse battery' };
const KeySet = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

const kidOf = (token: string): unknown => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;

async function published({ baseUrl }: StartedService): Promise<readonly unknown[]> {
  const response = await fetch(`${baseUrl}/.well-known/jwks.json`);
  return KeySet.parse(await response.json()).keys.map(({ kid }) => kid);
}

async function accepts({ baseUrl }: StartedService, token: string): Promise<boolean> {
  const { status } = await fetch(`${baseUrl}/api/v1/whoami`, { headers: { Authorization: `Bearer ${token}` } });
  expect([200, 401]).toContain(status);
  return status === 200;
}

async function tokenOf(service: ServiceProcess): Promise<string> {
  return (await service.command('token', '--game', 'realm', '--player', '42')).stdout.trim();
}

/** A token of the running service, signed with what it signs with now. */
async function logIn(service: StartedService): Promise<string> {
  return String((await callRealm(service, 'POST', '/auth/login', { body: credentials })).body['accessToken']);
}

async function keysOf(service: ServiceProcess): Promise<readonly { readonly kid: string; readonly state: string }[]> {
  return JSON.parse((await service.command('signing-keys', 'list', '--json')).stdout);
}

test('two services that share a key file rotate while they run: nobody is refused, before, during, after, or over a restart', { timeout }, async () => {
  await using first = new ServiceProcess();
  const file = path.join(first.folder, 'data/signing-keys.json');
  await using second = new ServiceProcess({ MIDGARD_AUTH_SIGNING_KEYS_FILE: file, MIDGARD_AUTH_ALGORITHM: 'ES256' });
  const one = await first.start();
  const two = await second.start();
  for (const service of [one, two]) await callRealm(service, 'POST', '/players', { body: credentials });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const before = await logIn(one);
  for (const service of [one, two]) expect(await accepts(service, before)).toBe(true);

  const rotated = await second.command('signing-keys', 'rotate', '--publish-seconds', '5');
  expect([rotated.exitCode, rotated.stdout]).toEqual([0, expect.stringMatching(/ES256 +next[^]*EdDSA +signing/)]);
  for (const service of [one, two]) await until(async () => (await published(service)).length === 2);
  const during = await logIn(two);
  let after = during;
  for (const service of [one, two]) {
    await until(async () => {
      after = await logIn(service);
      return kidOf(after) !== kidOf(before);
    });
  }
  for (const token of [before, during, after]) expect([await accepts(one, token), await accepts(two, token)]).toEqual([true, true]);

  await first.end('SIGKILL');
  const again = await first.start();
  for (const token of [before, after]) expect(await accepts(again, token)).toBe(true);
  expect((await keysOf(first)).map(({ state }) => state)).toEqual(['signing', 'retired']);

  const [stolen, own] = [
    await connect({ port: two.tcpPort, auth: { kind: 'token', token: before } }),
    await connect({ port: two.tcpPort, auth: { kind: 'token', token: after } }),
  ];
  const ended = new Promise<void>((resolve) => stolen.on('disconnected', () => resolve()));
  const leaked = String(kidOf(before));
  expect((await first.command('signing-keys', 'prune', leaked)).stdout).toBe(`removed ${leaked}\n`);
  for (const service of [again, two]) await until(async () => !(await accepts(service, before)));
  expect(await accepts(two, after)).toBe(true);
  await ended;
  expect(await own.whoami()).toMatchObject({ kind: 'player' });
  await Promise.all([stolen.close(), own.close()]);
  const secret = String(JSON.parse(readFileSync(file, 'utf8')).keys[0].d);
  expect(JSON.stringify([first.logs, second.logs, rotated.stdout])).not.toContain(secret);
});

test('a key file that is damaged while the service runs changes nothing, is told once and without a word of it, and heals', { timeout }, async () => {
  await using service = new ServiceProcess();
  const started = await service.start();
  const file = path.join(service.folder, 'data/signing-keys.json');
  const token = await tokenOf(service);
  const good = readFileSync(file, 'utf8');
  const logged = (message: string) => service.logs.filter(({ msg }) => msg === message);
  writeFileSync(file, good.slice(0, -20));
  await until(() => logged('signing keys cannot be read; those of before stay in force').length === 1);
  expect(await accepts(started, token)).toBe(true);
  expect(JSON.stringify(service.logs)).not.toContain(JSON.parse(good).keys[0].d);
  writeFileSync(file, good);
  await until(() => logged('signing keys read anew').length === 1);
  expect(await accepts(started, token)).toBe(true);
});

test('commands on keys say what is wrong, end with 2, and leave the file as it was', { timeout }, async () => {
  await using service = new ServiceProcess();
  const file = path.join(service.folder, 'data/signing-keys.json');
  expect((await service.command('signing-keys', 'list')).exitCode).toBe(2);
  expect((await service.command('signing-keys', 'rotate')).exitCode).toBe(0);
  const before = readFileSync(file, 'utf8');
  const kid = (await keysOf(service))[0]?.kid ?? '';
  for (const [args, said] of [
    [['prune', kid], 'signs now'],
    [['prune', 'nobody'], 'no signing key is called nobody'],
    [['rotate', '--algorithm', 'HS256'], 'EdDSA'],
    [['rotate', '--publish-seconds', '-1'], 'from 0 to 86400'],
  ] as const) {
    const { exitCode, stderr } = await service.command('signing-keys', ...args);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(said)]);
  }
  writeFileSync(`${file}.lock`, '');
  expect((await service.command('signing-keys', 'rotate')).stderr).toContain('signing-keys.json.lock');
  expect(readFileSync(file, 'utf8')).toBe(before);
  expect((await service.command('signing-keys', 'prune')).exitCode).toBe(2);
});

test('keys in a variable are rotated by printing the next value of it', { timeout }, async () => {
  const key = JSON.stringify(await generateSigningKey());
  await using before = new ServiceProcess({ MIDGARD_AUTH_SIGNING_KEY: key });
  const token = await tokenOf(before);
  const { stdout } = await before.command('signing-keys', 'rotate', '--publish-seconds', '0');
  const [, next = ''] = /^MIDGARD_AUTH_SIGNING_KEY='(.*)'\n$/.exec(stdout) ?? [];
  await using after = new ServiceProcess({ MIDGARD_AUTH_SIGNING_KEY: next });
  const service = await after.start();
  expect(await accepts(service, token)).toBe(true);
  expect(await published(service)).toHaveLength(2);
  expect(existsSync(path.join(after.folder, 'data/signing-keys.json'))).toBe(false);
});

test('a shared secret signs only where the configuration says HS256, and is published nowhere', { timeout }, async () => {
  const secret = 'q7Zp3vUuJ0r6m1yWcT9xKd4eB8sLfNhA';
  await using silent = new ServiceProcess({ MIDGARD_AUTH_SHARED_SECRETS: secret });
  await using unsaid = new ServiceProcess({ MIDGARD_AUTH_ALGORITHM: 'HS256' });
  for (const service of [silent, unsaid]) {
    const { exitCode, stderr } = await service.command('start');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('auth.algorithm: HS256')]);
    expect(stderr).not.toContain(secret);
  }
  await using said = new ServiceProcess({ MIDGARD_AUTH_ALGORITHM: 'HS256', MIDGARD_AUTH_SHARED_SECRETS: secret });
  const service = await said.start();
  expect(await accepts(service, await tokenOf(said))).toBe(true);
  expect(await published(service)).toEqual([]);
});

test('a key file that everybody can read, or of shared secrets, is refused', { timeout }, async () => {
  await using service = new ServiceProcess();
  const token = ['token', '--game', 'realm', '--player', '42'];
  await service.command('signing-keys', 'rotate');
  const file = path.join(service.folder, 'data/signing-keys.json');
  chmodSync(file, 0o644);
  expect(await service.command(...token)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('chmod 600') });
  chmodSync(file, 0o600);
  writeFileSync(file, JSON.stringify({ keys: [{ kty: 'oct', k: 'A'.repeat(43), kid: 'a', alg: 'HS256', signsFrom: 0 }] }));
  expect(await service.command(...token)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no private Ed25519 or P-256 keys') });
});

test('in production a file with a key that a standard prints is refused, and nothing of it is told', async () => {
  await using service = new ServiceProcess();
  const file = path.join(service.folder, 'keys.json');
  const d = 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A';
  const printed = {
    kty: 'OKP',
    crv: 'Ed25519',
    d,
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
    alg: 'EdDSA',
  };
  writeFileSync(file, JSON.stringify({ keys: [printed] }), { mode: 0o600 });
  const open = (isProduction: boolean): Promise<unknown> => openKeyRing({ kind: 'file', file, algorithm: 'EdDSA' }, isProduction);
  const refused = await open(true).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'ERR_SETUP_SECRET', message: expect.stringMatching(/keys\.json: the key kPrK\S+ is printed in a standard/) });
  expect(String(refused)).not.toContain(d);
  await expect(open(false)).resolves.toBeDefined();
});
