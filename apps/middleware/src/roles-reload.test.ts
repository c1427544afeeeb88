import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { connect } from '@midgard/client';
import { realm } from '@midgard/game-realm';
import { expect, test } from 'vitest';
import { callRealm, createPlayer } from './testing/realm-http.ts';
import { ServiceProcess } from './testing/service-process.ts';

function codeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 0,
    (error: unknown) => Reflect.get(Object(error), 'code'),
  );
}

test('on SIGHUP the roles of the file count, also in open sessions; a faulty file changes nothing and is told', { timeout: 60_000 }, async () => {
  await using service = new ServiceProcess();
  const write = (text: string): void => writeFileSync(path.join(service.folder, 'midgard.yaml'), text);
  write("auth: { roles: { support: ['player:read'] } }\n");
  const started = await service.start();
  const id = await createPlayer(started, 'Mira');
  const key = (await service.command('keys', 'create', '--game', 'realm', '--role', 'support')).stdout.trim();
  const client = await connect({ port: started.tcpPort, auth: { kind: 'apiKey', key } });
  const game = client.game(realm);
  const tcp = async (): Promise<unknown[]> => [await codeOf(game.call('player.get', { id })), await codeOf(game.call('wallet.get', { playerId: id }))];
  const http = async (): Promise<number[]> => [
    (await callRealm(started, 'GET', `/players/${id}`, { key })).status,
    (await callRealm(started, 'GET', `/players/${id}/wallet`, { key })).status,
  ];
  expect([await tcp(), await http()]).toEqual([
    [0, 3004],
    [200, 403],
  ]);

  write("auth: { roles: { support: ['wallet:read'] } }\n");
  service.signal('SIGHUP');
  await expect.poll(tcp, { timeout: 10_000 }).toEqual([3004, 0]);
  expect(await http()).toEqual([403, 200]);

  write("auth: { roles: { support: ['player:*'], auditor: ['read everything'] } }\nserver: { tcp: { prot: 1 } }\n");
  service.signal('SIGHUP');
  const refusals = () => service.logs.filter(({ level }) => level === 'error');
  await expect.poll(() => refusals().length, { timeout: 10_000 }).toBe(1);
  expect(refusals()[0]).toMatchObject({
    msg: 'the configuration is faulty: everything stays as it was',
    reasons: [expect.stringContaining('auth.roles.auditor[0]'), expect.stringContaining('server.tcp.prot')],
  });
  expect([await tcp(), await http()]).toEqual([
    [3004, 0],
    [403, 200],
  ]);

  write("games: { realm: { roles: { support: ['*:read'] } } }\n");
  service.signal('SIGHUP');
  await expect.poll(tcp, { timeout: 10_000 }).toEqual([0, 0]);
  await client.close();
  const { stdout } = await service.command('audit', 'search', '--game', 'service', '--operation', 'roles.reload', '--json');
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([
    { actor: 'service', changes: { after: { rolesOf: { realm: { support: ['*:read'] } } } } },
    { actor: 'service', changes: { before: { roles: { support: ['player:read'] } }, after: { roles: { support: ['wallet:read'] } } } },
  ]);
});
