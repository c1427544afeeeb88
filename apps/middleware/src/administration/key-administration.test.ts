import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callRealm, type RealmAnswer } from '../testing/realm-http.ts';
import { ServiceProcess, type StartedService } from '../testing/service-process.ts';

const timeout = 60_000;
const idOf = (key: string): string => key.split('_')[2] ?? '';

describe('API keys over the operations of two services on one database', { timeout }, () => {
  const stack = new AsyncDisposableStack();
  const processes: ServiceProcess[] = [];
  const services: StartedService[] = [];
  let admin: string;
  beforeAll(async () => {
    const files = mkdtempSync(path.join(tmpdir(), 'midgard-keys-'));
    stack.defer(() => rmSync(files, { recursive: true, force: true }));
    for (const instance of [0, 1]) {
      const service = stack.use(
        new ServiceProcess({
          MIDGARD_DATABASES_MIDGARD_URL: `sqlite:${path.join(files, 'midgard.db')}`,
          MIDGARD_AUTH_KEY_PEPPER: 'a pepper that both of the services have',
          MIDGARD_INSTANCE: String(instance),
        }),
      );
      // Whoever keeps the keys of web pages, and whoever has all but the audit log.
      const roles = "keeper: ['admin:keys', '*:read', 'player:create', 'order:*', 'auth:*'], most: ['*', '!admin:audit']";
      writeFileSync(path.join(service.folder, 'midgard.yaml'), `auth: { roles: { ${roles} } }\n`);
      services.push(await service.start());
      processes.push(service);
    }
    admin = await keyOf('admin');
  }, timeout);
  afterAll(() => stack.disposeAsync());

  async function keyOf(role: string, ...args: readonly string[]): Promise<string> {
    return (await processes[0]!.command('keys', 'create', '--game', 'realm', '--role', role, ...args)).stdout.trim();
  }

  function call(method: string, route: string, { key = admin, body, at = 0 }: { key?: string; body?: object; at?: number } = {}): Promise<RealmAnswer> {
    return callRealm(services[at]!, method, `/api-keys${route}`, { key, ...(body !== undefined && { body }) });
  }

  const statusWith = async (key: string, at = 0): Promise<number> => (await callRealm(services[at]!, 'GET', '/players', { key })).status;

  test('are made and told once, listed without secrets, and refused everywhere soon after they are revoked', async () => {
    const made = await call('POST', '', { body: { role: 'web', label: 'the shop', operations: ['player.*'], expiresAt: '2100-01-01T00:00:00Z' } });
    expect(made).toMatchObject({
      status: 200,
      body: { key: expect.stringMatching(/^mdg_dev_/), role: 'web', games: ['realm'], operations: ['player.*'], expiresAt: '2100-01-01T00:00:00.000Z' },
    });
    const key = String(made.body['key']);
    expect([await statusWith(key), await statusWith(key, 1)]).toEqual([200, 200]);
    const list = await call('GET', '');
    expect(list.body['items']).toContainEqual(expect.objectContaining({ id: idOf(key), label: 'the shop', revokedAt: null }));
    expect(JSON.stringify(list.body)).not.toContain(key.slice(-40));
    expect(JSON.stringify(list.body)).not.toMatch(/hash|mdg_/);
    expect(await call('DELETE', `/${idOf(key)}`)).toEqual({ status: 200, body: { id: idOf(key), revoked: true } });
    await expect.poll(async () => [await statusWith(key), await statusWith(key, 1)], { timeout: 3000 }).toEqual([401, 401]);
  });

  test('are rotated with an overlap, and not after their end', async () => {
    const old = String((await call('POST', '', { body: { role: 'web', label: 'page' } })).body['key']);
    const next = await call('POST', `/${idOf(old)}/rotate`, { body: { overlapSeconds: 3600 } });
    expect(next).toMatchObject({ status: 200, body: { role: 'web', label: 'page', expiresAt: null } });
    expect([await statusWith(old, 1), await statusWith(String(next.body['key']), 1)]).toEqual([200, 200]);
    const items = (await call('GET', '')).body['items'];
    expect(items).toContainEqual(expect.objectContaining({ id: idOf(old), expiresAt: expect.any(String), replacedBy: next.body['id'] }));
    await call('DELETE', `/${idOf(old)}`);
    expect(await call('POST', `/${idOf(old)}/rotate`, { body: {} })).toMatchObject({ status: 409, body: { code: 2008 } });
  });

  test.each<[string, string, readonly string[], object]>([
    ['a role that gives more', 'keeper', [], { role: 'game-server' }],
    ['all rights', 'keeper', [], { role: 'admin' }],
    ['the one right that is missing', 'most', [], { role: 'admin' }],
    ['more operations', 'admin', ['--operation', 'apiKey.create', 'player.*'], { role: 'viewer', operations: ['player.get', 'order.get'] }],
    ['all operations', 'admin', ['--operation', 'apiKey.create', 'player.*'], { role: 'viewer' }],
    ['a longer life', 'admin', ['--expires-in-days', '1'], { role: 'viewer', expiresAt: '2100-01-01T00:00:00Z' }],
    ['a life without end', 'admin', ['--expires-in-days', '1'], { role: 'viewer' }],
  ])('cannot be made with more than their maker has: %s', async (_, role, args, wanted) => {
    const key = await keyOf(role, ...args);
    expect(await call('POST', '', { key, body: { label: 'more', ...wanted } })).toMatchObject({ status: 403, body: { code: 3004 } });
  });

  test('are made with what their maker has', async () => {
    const key = await keyOf('keeper');
    expect(await call('POST', '', { key, body: { role: 'web', label: 'less' } })).toMatchObject({ status: 200 });
    expect(await call('POST', '', { key, body: { role: 'keeper', label: 'as much' } })).toMatchObject({ status: 200 });
    const narrow = await keyOf('admin', '--operation', 'apiKey.create', 'player.*', '--expires-in-days', '1');
    const body = { role: 'admin', operations: ['player.get'], label: 'narrow', expiresAt: new Date(Date.now() + 3_600_000).toISOString() };
    expect(await call('POST', '', { key: narrow, body })).toMatchObject({ status: 200 });
  });

  test('of more rights than the caller are neither renewed nor ended, nor are those of other games', async () => {
    const [keeper, server] = [await keyOf('keeper'), await keyOf('game-server')];
    const everywhere = (await processes[0]!.command('keys', 'create', '--game', '*', '--role', 'viewer')).stdout.trim();
    const elsewhere = (await processes[0]!.command('keys', 'create', '--game', 'other', '--role', 'viewer')).stdout.trim();
    for (const [key, id] of [
      [keeper, idOf(server)],
      [admin, idOf(everywhere)],
    ] as const) {
      expect(await call('POST', `/${id}/rotate`, { key, body: {} })).toMatchObject({ status: 403 });
      expect(await call('DELETE', `/${id}`, { key })).toMatchObject({ status: 403 });
    }
    expect(await call('DELETE', `/${idOf(elsewhere)}`)).toMatchObject({ status: 404 });
    const items = JSON.stringify((await call('GET', '')).body);
    expect([items.includes(idOf(everywhere)), items.includes(idOf(elsewhere))]).toEqual([true, false]);
  });

  test('are no matter of operators, game servers or players, and bad inputs name their field', async () => {
    for (const role of ['operator', 'game-server', 'web', 'viewer'])
      expect([role, (await call('GET', '', { key: await keyOf(role) })).status]).toEqual([role, 403]);
    for (const [field, body] of [
      ['role', { role: 'wizard', label: 'x' }],
      ['role', { role: 'player', label: 'x' }],
      ['expiresAt', { role: 'web', label: 'x', expiresAt: '2001-01-01T00:00:00Z' }],
      ['operations.0', { role: 'web', label: 'x', operations: ['*'] }],
      ['label', { role: 'web' }],
    ] as const)
      expect(await call('POST', '', { body })).toMatchObject({ status: 400, body: { details: { issues: [{ path: field }] } } });
  });

  test('leave entries in the audit log of the service, under the name of who did it, also where it was refused', async () => {
    const keeper = await keyOf('keeper');
    const made = await call('POST', '', { key: keeper, body: { role: 'web', label: 'noted' } });
    await call('DELETE', `/${String(made.body['id'])}`, { key: keeper });
    await call('POST', '', { key: keeper, body: { role: 'admin', label: 'refused' } });
    const { stdout } = await processes[0]!.command('audit', 'search', '--game', 'service', '--actor', `key:${idOf(keeper)}`, '--json');
    const entries = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(entries).toMatchObject([
      { operation: 'apiKey.create', outcome: 3004, changes: { input: { role: 'admin' } }, transport: 'http' },
      { operation: 'key.revoke', outcome: 0, subject: made.body['id'] },
      { operation: 'key.create', outcome: 0, subject: made.body['id'], roles: 'keeper', address: '127.0.0.1' },
    ]);
    expect(stdout).not.toContain(String(made.body['key']).slice(-40));
  });
});
