import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { ServiceProcess, type StartedService } from '../testing/service-process.ts';

const timeout = 60_000;
const address = 'freyja.sessrumnir@example.org';
const note = 'the plain note of Freyja';
const Statuses = z.record(z.string(), z.looseObject({ values: z.array(z.unknown()) }));
const newKek = (): string => randomBytes(32).toString('base64url');
const encryptionRefresh = { MIDGARD_ENCRYPTION_REFRESH_MS: '100' };

function mailService(env: Readonly<Record<string, string>> = {}): ServiceProcess {
  const plugin = new URL('../testing/mail-game.ts', import.meta.url).href;
  const service = new ServiceProcess({ MIDGARD_GAMES_MAIL_PACKAGE: plugin, MIDGARD_LOG_LEVEL: 'debug', ...encryptionRefresh, ...env });
  onTestFinished(() => service[Symbol.asyncDispose]());
  return service;
}

async function call({ baseUrl, key }: StartedService, method: string, route: string, body?: object): Promise<{ status: number; text: string }> {
  const headers = { 'X-API-Key': key, 'Content-Type': 'application/json' };
  const response = await fetch(`${baseUrl}/api/v1/games/mail${route}`, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
  return { status: response.status, text: await response.text() };
}

async function makePlayer(started: StartedService, name: string, mail: object): Promise<string> {
  const { id }: { id: string } = JSON.parse((await call(started, 'POST', '/players', { name })).text);
  expect(await call(started, 'PUT', `/players/${id}/mail`, mail)).toMatchObject({ status: 200 });
  return id;
}

const read = async (started: StartedService, id: string): Promise<unknown> => JSON.parse((await call(started, 'GET', `/players/${id}/mail`)).text);

/** All that the service has left on the disk. */
function everything({ folder }: ServiceProcess): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => path.join(folder, name));
  return files
    .filter((file) => statSync(file).isFile())
    .map((file) => readFileSync(file, 'latin1'))
    .join('\n');
}

test('a game keeps addresses encrypted: found by equality, refused twice, nowhere on the disk, in a log or in a metric', { timeout }, async () => {
  const service = mailService();
  const started = await service.start();
  const id = await makePlayer(started, 'Freyja', { address: address.toUpperCase(), note });
  expect(await read(started, id)).toMatchObject({ playerId: id, address, note });
  expect(JSON.parse((await call(started, 'GET', `/mail/${address}`)).text)).toMatchObject({ items: [{ playerId: id }] });
  const { id: other } = JSON.parse((await call(started, 'POST', '/players', { name: 'Gullveig' })).text);
  const again = await call(started, 'PUT', `/players/${String(other)}/mail`, { address });
  expect(again.status).toBe(409);
  expect(again.text).not.toContain('sessrumnir');
  const metrics = await (await fetch(`${started.baseUrl}/metrics`)).text();
  await service.end('SIGTERM');
  const seen = [everything(service), metrics, JSON.stringify(service.logs)].join('\n');
  expect(seen).toContain('Freyja');
  expect(seen).not.toMatch(/sessrumnir|plain note/i);
  expect(statSync(path.join(service.folder, 'data', 'development-kek')).mode & 0o777).toBe(0o600);
});

test('ciphertext moved between rows of the database is refused by the running service, which tells nothing of it', { timeout }, async () => {
  const service = mailService();
  const started = await service.start();
  const freyja = await makePlayer(started, 'Freyja', { address, note });
  const loki = await makePlayer(started, 'Loki', { address: 'loki@example.org', note: 'mischief' });
  const database = new DatabaseSync(path.join(service.folder, 'data', 'mail.db'), { timeout: 10_000 });
  onTestFinished(() => database.close());
  database
    .prepare('update mail_address set note_enc = (select note_enc from mail_address where player_id = ?) where player_id = ?')
    .run(BigInt(freyja), BigInt(loki));
  const moved = await call(started, 'GET', `/players/${loki}/mail`);
  expect([moved.status, moved.text]).toEqual([500, expect.not.stringMatching(/Freyja|plain note|decrypt|note_enc/)]);
  await expect.poll(() => JSON.stringify(service.logs)).toContain('ERR_DAO_DECRYPT');
  expect(await read(started, freyja)).toMatchObject({ note });
});

test(
  'the data key is changed while the service runs, which takes it up; and then the key-encryption key, without a row being touched',
  { timeout },
  async () => {
    const [first, second] = [newKek(), newKek()];
    const service = mailService({ MIDGARD_ENCRYPTION_KEK: first });
    const started = await service.start();
    const ids = [await makePlayer(started, 'Freyja', { address, note })];
    const rotated = await service.command('encryption', 'rotate', '--batch-rows', '10');
    expect([rotated.exitCode, rotated.stdout, rotated.stderr]).toEqual([
      0,
      expect.stringMatching(/^-- mail \(.*\): everything is under data key 2; 2 values were/),
      '',
    ]);
    ids.push(await makePlayer(started, 'Loki', { address: 'loki@example.org' }));
    const status = await service.command('encryption', 'status', '--json');
    const [shown] = Object.values(Statuses.parse(JSON.parse(status.stdout)));
    expect(shown?.values).toEqual([
      { entity: 'mail_address', column: 'address', key: 2, values: 2 },
      { entity: 'mail_address', column: 'note', key: 2, values: 1 },
    ]);
    expect((await service.command('encryption', 'status')).stdout).toMatch(/2 +current .*\n(.|\n)*mail_address +note +2 +1\n/);
    await service.end('SIGTERM');

    const data = { MIDGARD_DATA_DIR: path.join(service.folder, 'data') };
    const between = mailService({ ...data, MIDGARD_ENCRYPTION_KEK: second, MIDGARD_ENCRYPTION_FORMER_KEKS: first });
    expect(await between.command('encryption', 'rewrap')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(': 3 keys wrapped anew') });
    writeFileSync(path.join(between.folder, 'kek'), `${second}\n`);
    const after = mailService({ ...data, MIDGARD_ENCRYPTION_KEK_FILE: path.join(between.folder, 'kek') });
    expect(await read(await after.start(), ids[0] ?? '')).toMatchObject({ address, note });
    await after.end('SIGTERM');
    const wrong = await mailService({ ...data, MIDGARD_ENCRYPTION_KEK: first }).command('start');
    expect([wrong.exitCode, wrong.stderr]).toEqual([1, expect.stringMatching(/wrapped by local-[0-9a-f]{16}, which is not configured/)]);
    for (const kek of [first, second]) expect(wrong.stderr + status.stdout).not.toContain(kek);
  },
);

test('a rotation by the command line that is killed is gone on with by the next call', { timeout }, async () => {
  const service = mailService();
  const started = await service.start();
  for (let at = 0; at < 12; at += 1) await makePlayer(started, `Player ${at}`, { address: `${at}@example.org` });
  const killed = mailService({ MIDGARD_DATA_DIR: path.join(service.folder, 'data'), MIDGARD_ENCRYPTION_REFRESH_MS: '20000' });
  const database = new DatabaseSync(path.join(service.folder, 'data', 'mail.db'), { readOnly: true });
  onTestFinished(() => database.close());
  const begun = (): Promise<void> =>
    expect.poll(() => database.prepare('select count(*) as n from midgard_data_key').get()?.['n'], { timeout: 30_000 }).toBe(3);
  expect((await killed.killCommand(begun, 'encryption', 'rotate', '--batch-rows', '1')).exitCode).toBe(null);
  expect((await service.command('encryption', 'status')).stdout).toMatch(/^2 +rotating/m);
  expect(await service.command('encryption', 'rotate')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('everything is under data key 2;') });
});

test('a key management service wraps the data keys by a package', { timeout }, async () => {
  const kms = { MIDGARD_ENCRYPTION_KEY_WRAPPER: new URL('../testing/kms-double.ts', import.meta.url).href, KMS_DOUBLE_KEY: randomBytes(32).toString('hex') };
  const service = mailService(kms);
  const started = await service.start();
  const id = await makePlayer(started, 'Freyja', { address, note });
  expect(await read(started, id)).toMatchObject({ address });
  expect((await service.command('encryption', 'status')).stdout).toContain('kms-double/players');
  expect(existsSync(path.join(service.folder, 'data', 'development-kek'))).toBe(false);
});

test('in production a game with encrypted columns is not started without a key', { timeout }, async () => {
  const { stdout } = await mailService().command('secrets');
  const env = Object.fromEntries(stdout.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1).replaceAll("'", '')]));
  const { MIDGARD_ENCRYPTION_KEK: kek = '', ...others } = env;
  const without = await mailService({ ...others, NODE_ENV: 'production' }).command('start');
  expect([without.exitCode, without.stderr]).toEqual([2, expect.stringMatching(/production needs encryption\.kek \(MIDGARD_ENCRYPTION_KEK\)/)]);
  expect((await mailService({ ...others, MIDGARD_ENCRYPTION_KEK: kek, NODE_ENV: 'production' }).command('encryption', 'status')).stderr).not.toContain('KEK');
});

test('a service whose games encrypt nothing needs no key', { timeout }, async () => {
  const service = new ServiceProcess();
  onTestFinished(() => service[Symbol.asyncDispose]());
  expect(await service.command('encryption', 'status')).toMatchObject({ exitCode: 0, stdout: 'no database has encrypted columns\n' });
  expect(existsSync(path.join(service.folder, 'data', 'development-kek'))).toBe(false);
  expect((await service.command('encryption', 'rotate', '--batch-rows', '0')).exitCode).toBe(2);
  expect((await service.command('encryption', '--help')).stdout).toMatch(/status(.|\n)*rotate(.|\n)*rewrap/);
});
