import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ServiceProcess, type StartedService } from '../testing/service-process.ts';

const timeout = 120_000;
const Profile = z.object({ nodes: z.array(z.object({ callFrame: z.object({ functionName: z.string(), url: z.string() }) })), samples: z.array(z.int()) });

function post(service: StartedService, what: string, key: string, body: object = {}): Promise<Response> {
  const headers = { 'X-API-Key': key, 'Content-Type': 'application/json' };
  return fetch(`${service.baseUrl}/api/v1/profiles/${what}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function keyOf(service: ServiceProcess, role: string, game = '*'): Promise<string> {
  return (await service.command('keys', 'create', '--game', game, '--role', role)).stdout.trim();
}

test('an admin gets a CPU profile of the running service, one at a time, and it is noted', { timeout }, async () => {
  await using service = new ServiceProcess();
  const started = await service.start();
  const admin = await keyOf(service, 'admin');
  const taking = post(started, 'cpu', admin, { seconds: 1 });
  await expect.poll(async () => (await post(started, 'cpu', admin, { seconds: 1 })).status).toBe(503);
  const answer = await taking;
  expect(answer.status).toBe(200);
  const profile = Profile.parse(await answer.json());
  expect(profile.samples.length).toBeGreaterThan(100);
  expect(profile.nodes.map(({ callFrame }) => callFrame.functionName)).toContain('(root)');
  const { stdout } = await service.command('audit', 'search', '--game', 'service', '--operation', 'profile.cpu');
  expect(stdout).toMatch(/profile\.cpu process \d+ done/);
});

test('a heap snapshot goes to a file that only the service may read', { timeout }, async () => {
  await using service = new ServiceProcess();
  const started = await service.start();
  const answer = await post(started, 'heap', await keyOf(service, 'admin'));
  expect(answer.status).toBe(200);
  const folder = path.join(service.folder, 'data', 'profiles');
  const [file = ''] = readdirSync(folder);
  expect(await answer.json()).toEqual({ file, bytes: statSync(path.join(folder, file)).size, blockedMs: expect.any(Number) });
  expect([statSync(folder).mode & 0o777, statSync(path.join(folder, file)).mode & 0o777]).toEqual([0o700, 0o600]);
});

test('nobody else gets one: no other role, no admin of one game alone, nobody without a key', { timeout }, async () => {
  await using service = new ServiceProcess();
  const started = await service.start();
  const keys = [await keyOf(service, 'operator'), await keyOf(service, 'admin', 'realm'), started.key];
  for (const what of ['cpu', 'heap']) {
    for (const key of keys) expect((await post(started, what, key)).status).toBe(403);
    expect((await post(started, what, 'nobody')).status).toBe(401);
  }
  expect(readdirSync(path.join(service.folder, 'data'))).not.toContain('profiles');
});
