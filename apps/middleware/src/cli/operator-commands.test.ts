import { findMariaDb, type MariaDbPair, startMariaDbPair } from '@midgard/test-services';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { type CommandResult, ServiceProcess } from '../testing/service-process.ts';

const timeout = 60_000;
const missing = findMariaDb() === undefined ? ': no mariadbd' : '';
const Report = z.looseObject({ isWell: z.boolean(), databases: z.array(z.looseObject({ name: z.string() })) });

/** It needs every sign that a URL gives a meaning to. */
const password = 'p@ss/w%rd:x';
const user = `midgard:${encodeURIComponent(password)}`;
const nowhere = `mysql://${user}@127.0.0.1:1/realm`;

function serviceOn(url: string, env: Readonly<Record<string, string>> = {}): ServiceProcess {
  const service = new ServiceProcess({ MIDGARD_DATABASES_REALM_URL: url, ...env });
  onTestFinished(() => service[Symbol.asyncDispose]());
  return service;
}

function urlAt({ port }: { readonly port: number }, database: string): string {
  return `mysql://${user}@127.0.0.1:${port}/${database}`;
}

/** What holds for whatever an operator is shown. */
function expectDiscreet({ stdout, stderr }: CommandResult): void {
  const all = stdout + stderr;
  for (const secret of [password, encodeURIComponent(password), 'p@ss', 'p%40ss']) expect(all).not.toContain(secret);
  expect(all).not.toMatch(/^\s+at /m);
}

function ranBy({ stdout }: CommandResult, database: string): number {
  return Number(new RegExp(`^-- ${database} \\(.*\\): ran (\\d+) statements?`, 'm').exec(stdout)?.[1] ?? 0);
}

describe('with a database that is down', { timeout }, () => {
  test('the doctor shows the others, has one red line for it with what to do, and ends with 1', async () => {
    const result = await serviceOn(nowhere, { FORCE_COLOR: '1' }).command('doctor');
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toBe('');
    expect(result.stdout).toMatch(/service {2}sqlite:data\/midgard\.db\n {4}SQLite \d/);
    const lines = result.stdout.split('\n').filter((line) => line.includes('realm'));
    expect(lines).toHaveLength(1);
    expect(lines[0]?.startsWith('\u001B[31m✗ realm  mysql://127.0.0.1:1/realm')).toBe(true);
    expect(lines[0]).toMatch(/ECONNREFUSED.*start the server/);
    expectDiscreet(result);
  });

  test('the doctor uses no colours where no terminal is', async () => {
    const { stdout } = await serviceOn(nowhere).command('doctor');
    expect(stdout).not.toContain('\u001B');
  });

  test('migrate brings the others to their entities, says which one was left, and ends with 1', async () => {
    const service = serviceOn(nowhere);
    const result = await service.command('migrate');
    expect(result.exitCode).toBe(1);
    expect(ranBy(result, 'service')).toBeGreaterThan(0);
    expect(result.stderr).toMatch(/✗ realm \(mysql:\/\/127\.0\.0\.1:1\/realm\): .*ECONNREFUSED/);
    expect(result.stderr).toContain('not migrated: realm;');
    expectDiscreet(result);
  });

  test('start fails with the address, and without the password', async () => {
    const result = await serviceOn(nowhere).command('start');
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/127\.0\.0\.1:1\b.*midgard doctor/);
    expectDiscreet(result);
  });
});

test('settings that only the library can refuse are told by their place, and without the URL', { timeout }, async () => {
  const result = await serviceOn(`mysql://${user}@127.0.0.1/realm?ssl=true`).command('start');
  expect(result.exitCode).toBe(2);
  expect(result.stderr).toContain('databases.realm: an encrypted MySQL connection needs the name of its host');
  expectDiscreet(result);
});

describe.skipIf(missing !== '')(`with MariaDB, a standby and a replica${missing}`, { timeout }, () => {
  let pair: MariaDbPair;
  beforeAll(async () => {
    pair = await startMariaDbPair();
    const admin = await createConnection(pair.primary.url);
    await admin.query(`create user midgard identified by '${password}'`);
    await admin.query('grant slave monitor on *.* to midgard');
    await admin.query('grant all on `realm%`.* to midgard');
    for (const name of ['realm1', 'realm2']) await admin.query(`create database ${name}`);
    admin.destroy();
    await pair.replica.waitForReplica();
  }, timeout);
  afterAll(() => pair?.remove());

  const withOthers = (database: string): Readonly<Record<string, string>> => ({
    MIDGARD_DATABASES_REALM_STANDBYS: urlAt(pair.replica, database),
    MIDGARD_DATABASES_REALM_REPLICAS: `[{url: '${urlAt(pair.replica, database)}', weight: 2}]`,
  });

  test('a dry run prints SQL and changes nothing; of two who migrate at once each statement is run by one', async () => {
    const service = serviceOn(urlAt(pair.primary, 'realm1'));
    const dry = await service.command('migrate', '--dry-run');
    expect((await service.command('migrate', '--dry-run')).stdout).toBe(dry.stdout);
    const statements = dry.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('-- '));
    expect(statements.every((line) => /^create (table|unique index|index) .*;$/.test(line))).toBe(true);
    const both = await Promise.all([service.command('migrate'), service.command('migrate')]);
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const ran = both.flatMap((result) => [ranBy(result, 'service'), ranBy(result, 'realm')]);
    expect(ran.reduce((sum, count) => sum + count, 0)).toBe(statements.length);
    const { stdout, exitCode } = await service.command('migrate');
    expect([stdout.match(/: up to date$/gm), exitCode]).toEqual([[': up to date', ': up to date'], 0]);
    for (const result of [dry, ...both]) expectDiscreet(result);
  });

  test('the doctor tells what is to be migrated, and then that all is well, with every server', async () => {
    const service = serviceOn(urlAt(pair.primary, 'realm2'), withOthers('realm2'));
    const before = await service.command('doctor');
    expect(before.exitCode).toBe(3);
    expect(before.stdout).toMatch(/migrations: \d+ statements pending; midgard migrate/);
    await service.command('migrate');
    const { port } = pair.replica;
    const after = await service.command('doctor');
    expect(after.stdout).toMatch(/✓ realm .*\n {4}MariaDB 10\.\d+\.\d+ \(dialect mysql\), answers in \d+\.\d ms\n/);
    expect(after.stdout).toContain(`primary 127.0.0.1:${pair.primary.port}: active, pool 0 in use, 1 idle, at most 10`);
    expect(after.stdout).toContain(`standby 127.0.0.1:${port}: takes no writes, pool 0 in use`);
    expect(after.stdout).toMatch(new RegExp(`replica 127\\.0\\.0\\.1:${port}: serving, \\d+ ms behind, pool 0 in use`));
    expect(after.exitCode).toBe(0);
    for (const result of [before, after]) expectDiscreet(result);
  });

  test('the doctor tells of a replica that does not replicate', async () => {
    await pair.replica.stopReplication();
    onTestFinished(() => pair.replica.startReplication());
    const { stdout, exitCode } = await serviceOn(urlAt(pair.primary, 'realm1'), withOthers('realm1')).command('doctor', '--json');
    const report = Report.parse(JSON.parse(stdout));
    expect([exitCode, report.isWell]).toEqual([3, false]);
    expect(report.databases[1]).toMatchObject({
      name: 'realm',
      findings: {
        servers: [
          { role: 'primary', state: 'active' },
          { role: 'standby', state: 'refusing' },
          { role: 'replica', state: 'stopped', lagMs: null },
        ],
      },
    });
  });

  test('the doctor tells a wrong password from a missing database', async () => {
    const wrong = await serviceOn(`mysql://midgard:wr%40ng%2Fone@127.0.0.1:${pair.primary.port}/realm1`).command('doctor');
    expect([wrong.exitCode, wrong.stdout]).toEqual([1, expect.stringMatching(/✗ realm .*Access denied for user.*correct user, password/)]);
    expect(wrong.stdout).not.toMatch(/wr@ng|wr%40ng/);
    const none = await serviceOn(urlAt(pair.primary, 'realm_none')).command('doctor');
    expect([none.exitCode, none.stdout]).toEqual([1, expect.stringMatching(/✗ realm .*Unknown database.*create the database/)]);
    expectDiscreet(none);
  });
});
