import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { callRealm, createPlayer } from '../testing/realm-http.ts';
import { ServiceProcess } from '../testing/service-process.ts';

const schema: object = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('@midgard/logging/schema.json'), 'utf8'));
const fits = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false }).compile(schema);

/** The lines of a stream in the files of a service. */
function linesOf(service: ServiceProcess, stream = ''): Record<string, unknown>[] {
  const folder = path.join(service.folder, 'logs');
  return readdirSync(folder)
    .filter((name) => name.startsWith(`midgard-0-${stream}`))
    .flatMap((name) => readFileSync(path.join(folder, name), 'utf8').split('\n'))
    .flatMap((line): Record<string, unknown>[] => (line === '' ? [] : [JSON.parse(line)]));
}

test('the log in files: requests, slow ones and faults with their ids; level and sampling change on SIGHUP, and not by a faulty file', async () => {
  await using service = new ServiceProcess();
  const write = (log: string): void => writeFileSync(path.join(service.folder, 'midgard.yaml'), `log: { files: { dir: logs }, ${log} }\n`);
  write('level: info, requests: { successRate: 1 }');
  const started = await service.start();
  await createPlayer(started, 'Mira');
  await callRealm(started, 'GET', '/players/4711', { key: started.key });
  const requests = (): Record<string, unknown>[] => linesOf(service, 'request');
  await expect.poll(() => requests().length).toBeGreaterThan(1);
  expect(requests()).toMatchObject([
    { level: 'info', operation: 'player.create', code: 0, address: expect.stringContaining('127.0.0.1') },
    { level: 'warn', transport: 'http', game: 'realm', operation: 'player.get', code: 2002, requestId: expect.any(String) },
  ]);

  const slow = (): Record<string, unknown>[] => linesOf(service, 'performance');
  /** Until one more took longer than a millisecond, and was told of because that counts as slow. */
  const slowOneMore = async (): Promise<void> => {
    const before = slow().length;
    const more = async (): Promise<number> => (await createPlayer(started, 'Nora'), slow().length);
    await expect.poll(more).toBeGreaterThan(before);
  };
  write('level: error, requests: { successRate: 0, slowMs: 1 }');
  service.signal('SIGHUP');
  await slowOneMore();
  expect(slow()[0]).toMatchObject({ slowMs: 1, operation: 'player.create', stages: { handler: expect.any(Number), database: expect.any(Number) } });

  write("level: info, requests: { successRate: 1, slowMs: 60000 } }\nauth: { roles: { support: ['read everything'] }");
  service.signal('SIGHUP');
  await expect.poll(() => linesOf(service, 'error').length).toBe(1);
  expect(linesOf(service, 'error')[0]).toMatchObject({
    msg: 'the configuration is faulty: everything stays as it was',
    reasons: [expect.stringContaining('auth.roles')],
  });
  await slowOneMore();

  write('level: info, requests: { successRate: 0.5, slowMs: 60000 }');
  service.signal('SIGHUP');
  await expect.poll(() => linesOf(service, 'service').at(-1)).toMatchObject({ changed: ['log'], of: ['roles', 'log'] });
  const metrics = await fetch(`${started.baseUrl}/metrics`, { headers: { 'x-api-key': started.key } }).then((response) => response.text());
  expect(await service.end('SIGTERM')).toBe(0);
  const told = linesOf(service, 'service').map(({ msg }) => msg);
  expect(told.slice(-2)).toEqual(['stopping', 'stopped']);
  for (const line of linesOf(service)) expect(fits(line) ? [] : [line, fits.errors]).toEqual([]);
  // In files, and nowhere else.
  expect(service.logs).toEqual([]);
  expect(metrics).toMatch(/midgard_log_lines_total\{stream="request",level="warn"\} \d/);
  expect(metrics).toContain('midgard_log_dropped_total{reason="disk"} 0');
});

test('an error that nobody caught ends the service with a line, in its file and on standard error, without secrets', async () => {
  const code = `process.on('SIGUSR2', () => Promise.reject(new Error('thrown with ' + ['mdg', 'dev', 'abc123', 'hidden'].join('_'))))`;
  await using service = new ServiceProcess({ MIDGARD_LOG_FILES_DIR: 'logs' }, { imports: [`data:text/javascript,${encodeURIComponent(code)}`] });
  await service.start();
  expect(await service.end('SIGUSR2')).toBe(1);
  expect(linesOf(service, 'error')).toMatchObject([{ level: 'fatal', origin: 'unhandledRejection', err: { message: 'thrown with [redacted]' } }]);
  const { stderr } = service.printed;
  expect(stderr).toContain('thrown with [redacted]');
  expect(stderr).not.toContain('mdg_dev');
});

test('a folder that cannot be made is told at the start', async () => {
  await using service = new ServiceProcess({ MIDGARD_LOG_FILES_DIR: 'midgard.yaml/logs' });
  writeFileSync(path.join(service.folder, 'midgard.yaml'), '{}\n');
  const { exitCode, stderr } = await service.command('start');
  expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/log\.files\.dir must be a folder .*ENOTDIR/)]);
});
