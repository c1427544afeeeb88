import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, type TcpClient } from '@midgard/client';
import { mysqlForTests, quickest, until } from '@midgard/test-services';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { callRealm } from './testing/realm-http.ts';
import { ServiceProcess, type StartedService } from './testing/service-process.ts';

const timeout = 120_000;
const password = 'correct horse battery';
const Pair = z.looseObject({ accessToken: z.string(), refreshToken: z.string() });
const mysql = await mysqlForTests();
afterAll(() => ('url' in mysql ? mysql.remove() : undefined));

const files = mkdtempSync(path.join(tmpdir(), 'midgard-shared-'));
afterAll(() => rmSync(files, { recursive: true, force: true }));
const databases = [
  ['one SQLite file', '', async () => `sqlite:${path.join(files, 'realm.db')}`],
  ['one MariaDB', 'missing' in mysql ? `: ${mysql.missing}` : '', async () => ('url' in mysql ? mysql.freshDatabase() : '')],
] as const;

const statusAt = async ({ baseUrl }: StartedService, token: string): Promise<number> =>
  (await fetch(`${baseUrl}/api/v1/whoami`, { headers: { Authorization: `Bearer ${token}` } })).status;

async function openTcp({ tcpPort }: StartedService, token: string): Promise<{ client: TcpClient; ended: Promise<number> }> {
  const client = await connect({ port: tcpPort, auth: { kind: 'token', token } });
  const ended = new Promise<number>((resolve) => client.on('disconnected', () => resolve(performance.now())));
  return { client, ended };
}

const median = (times: readonly number[]): number => times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? Infinity;

describe.each(databases)('two services on %s', (_name, missing, databaseUrl) => {
  describe.skipIf(missing !== '')(`without any Redis${missing}`, { timeout }, () => {
    const stack = new AsyncDisposableStack();
    const processes: ServiceProcess[] = [];
    const services: StartedService[] = [];
    beforeAll(async () => {
      const env = {
        MIDGARD_DATABASES_REALM_URL: await databaseUrl(),
        MIDGARD_AUTH_SIGNING_KEYS_FILE: path.join(files, 'keys.json'),
        MIDGARD_AUTH_KEY_PEPPER: 'a pepper that both of the services have',
      };
      for (const instance of [0, 1]) {
        const service = stack.use(new ServiceProcess({ ...env, MIDGARD_INSTANCE: String(instance) }));
        services.push(await service.start());
        processes.push(service);
      }
    }, timeout);
    afterAll(() => stack.disposeAsync());

    const [here, there] = [() => services[0]!, () => services[1]!];
    let count = 0;

    async function newPlayer(): Promise<{ id: string; logIn: () => Promise<z.infer<typeof Pair>> }> {
      const name = `Mira ${count++}`;
      const { body } = await callRealm(here(), 'POST', '/players', { body: { name, password } });
      const logIn = async () => Pair.parse((await callRealm(here(), 'POST', '/auth/login', { body: { name, password } })).body);
      return { id: String(body['id']), logIn };
    }

    /** Milliseconds from an answer here until the other service refuses the token over HTTP and has ended its connection. */
    async function timeOf(end: () => Promise<unknown>, token: string): Promise<number> {
      const { client, ended } = await openTcp(there(), token);
      expect(await statusAt(there(), token)).toBe(200);
      await end();
      const answeredAt = performance.now();
      expect(await statusAt(here(), token)).toBe(401);
      await until(async () => (await statusAt(there(), token)) === 401);
      const refusedAt = performance.now();
      const endedAt = await ended;
      await expect(client.whoami()).rejects.toMatchObject({ code: 3003 });
      await client.close();
      return Math.max(refusedAt, endedAt) - answeredAt;
    }

    test('after a log-out here the access token is refused there, and its connection ended, within a second', async () => {
      const times: number[] = [];
      for (let n = 0; n < 5; n += 1) {
        const { accessToken, refreshToken } = await (await newPlayer()).logIn();
        times.push(await timeOf(() => callRealm(here(), 'POST', '/auth/logout', { body: { refreshToken } }), accessToken));
      }
      // The median, since a machine that others use may stop for a while.
      expect(median(times)).toBeLessThan(1000);
    });

    test('so it is after a refresh token was used twice, after a ban and after a deletion', async () => {
      const stolen = await (await newPlayer()).logIn();
      const refresh = () => callRealm(here(), 'POST', '/auth/refresh', { body: { refreshToken: stolen.refreshToken } });
      const thief = Pair.parse((await refresh()).body);
      const banned = await newPlayer();
      const deleted = await newPlayer();
      const times = [
        await timeOf(refresh, thief.accessToken),
        await timeOf(() => callRealm(here(), 'PATCH', `/players/${banned.id}`, { body: { status: 'banned' } }), (await banned.logIn()).accessToken),
        await timeOf(() => callRealm(here(), 'DELETE', `/players/${deleted.id}`), (await deleted.logIn()).accessToken),
      ];
      expect(median(times)).toBeLessThan(1000);
    });

    test('a service that was killed and started again refuses what was revoked before', async () => {
      const { accessToken, refreshToken } = await (await newPlayer()).logIn();
      const other = await (await newPlayer()).logIn();
      await callRealm(here(), 'POST', '/auth/logout', { body: { refreshToken } });
      await processes[1]!.end('SIGKILL');
      services[1] = await processes[1]!.start();
      expect([await statusAt(there(), accessToken), await statusAt(there(), other.accessToken)]).toEqual([401, 200]);
    });

    test('an API key that was replaced ends its connections, also of before, when the overlap is over', async () => {
      const key = (await processes[0]!.command('keys', 'create', '--game', 'realm', '--role', 'game-server')).stdout.trim();
      const client = await connect({ port: here().tcpPort, auth: { kind: 'apiKey', key } });
      expect(await client.whoami()).toMatchObject({ expiresAt: null });
      const ended = new Promise<void>((resolve) => client.on('disconnected', () => resolve()));
      const [, , id = ''] = key.split('_');
      const next = (await processes[0]!.command('keys', 'rotate', id, '--overlap-hours', '0')).stdout.trim();
      await ended;
      const renewed = await connect({ port: here().tcpPort, auth: { kind: 'apiKey', key: next } });
      expect(await renewed.whoami()).toMatchObject({ kind: 'apiKey' });
      await Promise.all([client.close(), renewed.close()]);
    });

    test('an API key that a command revokes ends its open connections within a second', async () => {
      const other = await connect({ port: here().tcpPort, auth: { kind: 'apiKey', key: here().key } });
      const endedAfterMs = await quickest(1000, async () => {
        const created = await processes[0]!.command('keys', 'create', '--game', 'realm', '--role', 'game-server');
        const key = created.stdout.trim();
        const client = await connect({ port: here().tcpPort, auth: { kind: 'apiKey', key } });
        const ended = new Promise<void>((resolve) => client.on('disconnected', () => resolve()));
        const [, , id = ''] = key.split('_');
        expect((await processes[0]!.command('keys', 'revoke', id)).exitCode).toBe(0);
        const revokedAt = performance.now();
        await ended;
        const tookMs = performance.now() - revokedAt;
        await expect(client.whoami()).rejects.toMatchObject({ code: 3003 });
        await client.close();
        return tookMs;
      });
      expect(endedAfterMs).toBeLessThan(1000);
      expect(await other.whoami()).toMatchObject({ kind: 'apiKey' });
      await other.close();
    });
  });
});
