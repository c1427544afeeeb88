import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { signHandshake } from '@midgard/auth';
import { connect } from '@midgard/client';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ServiceProcess } from './testing/service-process.ts';

const timeout = 60_000;
const player = z.looseObject({ id: z.string() });

test('a key made while the service runs is accepted at once, and refused soon after it is revoked', { timeout }, async () => {
  await using service = new ServiceProcess();
  const { baseUrl } = await service.start();
  const created = await service.command('keys', 'create', '--game', 'realm', '--role', 'viewer');
  expect(created.stdout).toMatch(/^mdg_dev_\S+\n$/);
  const key = created.stdout.trim();
  const ask = () => fetch(`${baseUrl}/api/v1/whoami`, { headers: { 'X-API-Key': key } });
  expect(await (await ask()).json()).toMatchObject({ kind: 'apiKey', roles: ['viewer'], games: ['realm'] });

  const list = JSON.parse((await service.command('keys', 'list', '--json')).stdout);
  const { id } = list.find(({ role }: { role: string }) => role === 'viewer');
  expect(JSON.stringify(list)).not.toContain(key);
  expect((await service.command('keys', 'revoke', id)).exitCode).toBe(0);
  await expect.poll(async () => (await ask()).status).toBe(401);
});

test('a key is for the operations that it was made for, its use is shown, and another can take its place', { timeout }, async () => {
  await using service = new ServiceProcess();
  const { baseUrl } = await service.start();
  const make = await service.command('keys', 'create', '--game', 'realm', '--role', 'game-server', '--operation', 'player.create', 'order.*');
  const old = make.stdout.trim();
  const create = async (key: string): Promise<number> =>
    (
      await fetch(`${baseUrl}/api/v1/games/realm/players`, {
        method: 'POST',
        headers: { 'X-API-Key': key, 'Content-Type': 'application/json' },
        body: '{"name":"Idun"}',
      })
    ).status;
  const list = async (key: string): Promise<number> => (await fetch(`${baseUrl}/api/v1/games/realm/players`, { headers: { 'X-API-Key': key } })).status;
  expect([await create(old), await list(old)]).toEqual([201, 403]);

  const id = old.split('_')[2] ?? '';
  const listed = async (): Promise<Record<string, unknown>> =>
    JSON.parse((await service.command('keys', 'list', '--json')).stdout).find((key: { id: string }) => key.id === id);
  expect(await listed()).toMatchObject({ operations: ['player.create', 'order.*'], lastUsedAt: expect.any(Number), replacedBy: null });

  const rotated = await service.command('keys', 'rotate', id, '--overlap-hours', '0');
  expect(rotated.stdout).toMatch(/^mdg_dev_\S+\n$/);
  const next = rotated.stdout.trim();
  expect([await create(next), await list(next)]).toEqual([201, 403]);
  expect(await listed()).toMatchObject({ replacedBy: next.split('_')[2], expiresAt: expect.any(Number) });
  await expect.poll(async () => create(old)).toBe(401);
  const odd = await service.command('keys', 'create', '--game', 'realm', '--role', 'web', '--operation', 'everything');
  expect([odd.exitCode, odd.stderr]).toEqual([2, expect.stringContaining('everything')]);
});

test('roles are data: a service has its own, and a game may give a role other rights', { timeout }, async () => {
  await using service = new ServiceProcess();
  writeFileSync(
    path.join(service.folder, 'midgard.yaml'),
    'auth: { roles: { support: ["*:read"] } }\ngames: { realm: { roles: { support: ["*:read", "player:create"], viewer: ["!*:*"] } } }\n',
  );
  const { baseUrl } = await service.start();
  const players = `${baseUrl}/api/v1/games/realm/players`;
  const statuses = async (role: string): Promise<readonly number[]> => {
    const key = (await service.command('keys', 'create', '--game', 'realm', '--role', role)).stdout.trim();
    const headers = { 'X-API-Key': key, 'Content-Type': 'application/json' };
    return [(await fetch(players, { method: 'POST', headers, body: '{"name":"Idun"}' })).status, (await fetch(players, { headers })).status];
  };
  expect(await statuses('support')).toEqual([201, 200]);
  expect(await statuses('viewer')).toEqual([403, 403]);
});

test('a viewer reads and does not write; a player sees its own data only', { timeout }, async () => {
  await using service = new ServiceProcess();
  const { baseUrl, key: full } = await service.start();
  const players = `${baseUrl}/api/v1/games/realm/players`;
  const create = async (key: string) =>
    fetch(players, { method: 'POST', headers: { 'X-API-Key': key, 'Content-Type': 'application/json' }, body: '{"name":"Idun"}' });
  const [mine, other] = await Promise.all([create(full), create(full)]).then((all) => Promise.all(all.map(async (each) => player.parse(await each.json()))));

  const viewer = (await service.command('keys', 'create', '--game', 'realm', '--role', 'viewer')).stdout.trim();
  const refused = await create(viewer);
  expect([refused.status, await refused.json()]).toMatchObject([403, { code: 3004 }]);

  const { stdout } = await service.command('token', '--game', 'realm', '--player', mine?.id ?? '');
  const bearer = { headers: { Authorization: `Bearer ${stdout.trim()}` } };
  expect(await (await fetch(`${players}/${mine?.id}`, bearer)).json()).toEqual(mine);
  expect((await fetch(`${players}/${other?.id}`, bearer)).status).toBe(403);
});

test('a game server logs in by a signature over a fresh nonce, once for each nonce', { timeout }, async () => {
  await using service = new ServiceProcess();
  const secret = 'a shared secret of at least 32 bytes';
  writeFileSync(path.join(service.folder, 'midgard.yaml'), `auth: { servers: { eu-1: { secret: "${secret}", games: [realm] } } }\n`);
  const { tcpPort } = await service.start();
  const proof = { serverId: 'eu-1', timestamp: Date.now(), nonce: randomBytes(16).toString('base64url') };
  const auth = { kind: 'hmac', ...proof, signature: signHandshake({ ...proof, secret: Buffer.from(secret) }) } as const;
  const client = await connect({ port: tcpPort, auth });
  expect(await client.whoami()).toMatchObject({ subject: 'server:eu-1', roles: ['game-server'], games: ['realm'] });
  await client.close();
  await expect(connect({ port: tcpPort, auth })).rejects.toMatchObject({ code: 3003 });
});

test('a wrong command says what is wrong and ends with 2 or 1, never with a stack', { timeout }, async () => {
  await using service = new ServiceProcess();
  const wrongRole = await service.command('keys', 'create', '--game', 'realm', '--role', 'king');
  expect(wrongRole.exitCode).toBe(2);
  expect(wrongRole.stderr).toContain('game-server');
  const unknown = await service.command('keys', 'revoke', 'nobody');
  expect(unknown.exitCode).toBe(2);
  expect(unknown.stderr).toContain('nobody');
  const whole = await service.command('keys', 'revoke', 'mdg_dev_abcdefgh_0123456789abcdefghijABCDEFGHIJ');
  expect(whole.exitCode).toBe(2);
  expect(whole.stderr).toContain('between the second and the third underscore');
  expect(whole.stderr).not.toContain('0123456789');
  expect(wrongRole.stderr + unknown.stderr).not.toMatch(/^\s+at /m);
});
