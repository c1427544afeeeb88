import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type CommandResult, ServiceProcess, type StartedService } from '../../testing/service-process.ts';
import { Outcome } from './outcome.ts';

const timeout = 60_000;
/** As short and small as shows what is to be seen. */
const small = ['--duration', '1', '--warm-up', '0', '--players', '5', '--connections', '4'];
const Strict = Outcome.strict();
const Players = z.object({ items: z.array(z.object({ name: z.string() })) });

function expectSums({ requests, answered, errors, errorsByKind, seconds, ratePerSecond, measuredSeconds, latencyMs }: Outcome): void {
  expect(requests).toBe(answered + errors);
  expect(Object.values(errorsByKind).reduce((sum, count) => sum + count, 0)).toBe(errors);
  expect(seconds.reduce((sum, second) => sum + second.errors, 0)).toBe(errors);
  expect(ratePerSecond * measuredSeconds).toBeCloseTo(answered, 3);
  const { p50, p90, p95, p99, p999, max } = latencyMs;
  const ascending = [p50, p90, p95, p99, p999, max].map((ms) => ms ?? Number.NaN);
  expect(ascending).toEqual(ascending.toSorted((a, b) => a - b));
}

describe('midgard bench', { timeout }, () => {
  const service = new ServiceProcess();
  let started: StartedService;
  beforeAll(async () => {
    started = await service.start();
  }, timeout);
  afterAll(() => service[Symbol.asyncDispose]());

  const tcp = (): readonly string[] => ['--tcp', `127.0.0.1:${started.tcpPort}`];
  const http = (): readonly string[] => ['--url', started.baseUrl];
  const bench = (...args: readonly string[]): Promise<CommandResult> => service.command('bench', ...small, ...args);
  const read = (file: string): string => readFileSync(path.join(service.folder, file), 'utf8');
  const outcome = (file: string): Outcome => Strict.parse(JSON.parse(read(file)));
  const keyFor = async (...operations: readonly string[]): Promise<string> => {
    const args = ['--game', 'realm', '--role', 'game-server', '--operation', ...operations];
    return (await service.command('keys', 'create', ...args)).stdout.trim();
  };

  test('figures of reads add up, the JSON keeps its schema, the page has the figures, and the key is in neither', async () => {
    const result = await bench(...tcp(), ...http(), '--depth', '4', '--json', 'reads.json', '--report', 'reads.html');
    expect([result.exitCode, result.stderr]).toEqual([0, expect.stringMatching(/makes 5 players in realm, bench-[\da-f]{8}-0 .*\n/)]);
    const figures = outcome('reads.json');
    expectSums(figures);
    expect(figures.answered).toBeGreaterThan(0);
    expect(figures.settings).toMatchObject({
      mode: 'closed',
      ratePerSecond: null,
      connections: 4,
      depth: 4,
      game: 'realm',
      address: `tcp://${tcp()[1]}`,
    });
    expect(figures.seconds[0]?.server?.residentBytes).toBeGreaterThan(1e7);
    const page = read('reads.html');
    for (const text of [figures.requests.toLocaleString('en-US'), `bench-${figures.run}-`, 'Latency by percentile', 'None.']) expect(page).toContain(text);
    expect(page).not.toMatch(/<script|https?:\/\/(?!127\.0\.0\.1)|NaN|undefined/);
    expect(result.stdout).toContain(`requests    ${figures.requests.toLocaleString('en-US')}`);
    for (const text of [result.stdout, result.stderr, page, read('reads.json')]) expect(text).not.toContain(started.key);
  });

  test('its players are gone from the lists when it is done', async () => {
    await bench(...tcp());
    const answer = await fetch(`${started.baseUrl}/api/v1/games/realm/players?name=bench-`, { headers: { 'X-API-Key': started.key } });
    expect(Players.parse(await answer.json()).items).toEqual([]);
  });

  test('orders are read back over both ways, none lost and none doubled', async () => {
    for (const where of [tcp(), http()]) {
      const result = await bench(...where, '--mix', 'orders', '--json', 'orders.json');
      expect(result.exitCode).toBe(0);
      const { orders } = outcome('orders.json');
      expect(orders).toMatchObject({ lost: 0, doubled: 0 });
      expect(orders?.acknowledged).toBeGreaterThan(0);
      expect(orders?.found).toBeGreaterThanOrEqual(orders?.acknowledged ?? Number.NaN);
      expect(result.stdout).toMatch(/orders {6}\d.* acknowledged, .* found: none lost, none doubled/);
    }
  });

  test('at a rate it says so, and counts as many as were due', async () => {
    const result = await bench(...tcp(), '--rate', '50', '--threads', '2', '--json', 'rate.json');
    expect(result.stdout).toContain('50 requests/s asked, open loop: latency from when a request was due');
    const figures = outcome('rate.json');
    expectSums(figures);
    expect([figures.settings.mode, figures.requests]).toEqual(['open', 50]);
  });

  test('errors are told by their code', async () => {
    const key = await keyFor('player.create', 'player.get', 'player.delete');
    const result = await bench(...tcp(), '--key', key, '--mix', 'mixed-a', '--json', 'errors.json', '--fail-above', 'errors=0');
    const figures = outcome('errors.json');
    expectSums(figures);
    expect(Object.keys(figures.errorsByKind)).toEqual(['3004 not permitted']);
    expect(result.stdout).toMatch(/errors {6}[\d,]+: 3004 not permitted [\d,]+/);
    expect([result.exitCode, result.stderr]).toEqual([3, expect.stringMatching(/✗ errors \d+ above 0\n/)]);
  });

  test('a limit ends it with 3 where a figure is above it, and with 0 where none is', async () => {
    const above = await bench(...http(), '--fail-above', 'p99=1us,max=3600s');
    expect([above.exitCode, above.stderr]).toEqual([3, expect.stringMatching(/✗ p99 [\d.]+ ms above 0\.001 ms\n/)]);
    expect(above.stderr).not.toContain('✗ max');
    expect((await bench(...http(), '--fail-above', 'p99=3600s,errors=0')).exitCode).toBe(0);
  });

  test('a wrong key or game and wrong arguments end it with 2, before anything is announced, and the key is not repeated', async () => {
    for (const where of [tcp(), http()]) {
      const wrongKey = await bench(...where, '--key', 'mg_not_a_key');
      expect([wrongKey.exitCode, wrongKey.stdout, wrongKey.stderr]).toEqual([2, '', expect.stringMatching(/^midgard: \S+ refuses the key: 3003 [^\n]*\n$/)]);
      expect(wrongKey.stderr).not.toContain('mg_not_a_key');
      const wrongGame = await bench(...where, '--game', 'nowhere');
      expect([wrongGame.exitCode, wrongGame.stderr]).toEqual([2, expect.stringMatching(/no (such )?game.*--game/)]);
    }
    expect((await bench(...http(), '--depth', '2')).stderr).toMatch(/--depth is for TCP/);
    const wrongs = [
      ['--mix', 'all'],
      ['--fail-above', 'p98=1ms'],
      ['--tcp', 'here'],
      ['--rate', '0'],
      ['--json', 'no/such/folder.json'],
    ];
    const results = await Promise.all(wrongs.map((wrong) => bench(...tcp(), ...wrong)));
    expect(results.map(({ exitCode }) => exitCode)).toEqual(wrongs.map(() => 2));
  });

  test('no service and one that is no Midgard end it with 1 and what to look at', async () => {
    for (const where of [
      ['--tcp', '127.0.0.1:1'],
      ['--url', 'http://127.0.0.1:1'],
    ]) {
      const result = await bench(...where);
      expect([result.exitCode, result.stdout, result.stderr]).toEqual([
        1,
        '',
        expect.stringMatching(/^midgard: no Midgard at \S+ \(.*ECONNREFUSED.*\); is it running/),
      ]);
    }
    const httpPort = new URL(started.baseUrl).port;
    expect(await bench('--tcp', `127.0.0.1:${httpPort}`)).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/no Midgard at/) });
  });

  test('Ctrl-C ends it early with the summary of what was measured', async () => {
    const args = ['--duration', '600', '--warm-up', '0', '--players', '2', '--connections', '2', '--json', 'early.json'];
    const result = await service.commandUntil(/1\/600 s: /, (command) => command.kill('SIGINT'), 'bench', ...tcp(), ...args);
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toMatch(/measured {4}\d+\.\d s, ended early\n/);
    const figures = outcome('early.json');
    expectSums(figures);
    expect(figures.isEndedEarly).toBe(true);
  });

  test('a service that goes away under the load: what was lost is counted, and it ends with 1', async () => {
    const other = new ServiceProcess();
    await using _ = other;
    const { tcpPort } = await other.start();
    const args = ['--tcp', `127.0.0.1:${tcpPort}`, '--duration', '600', '--warm-up', '0', '--players', '2', '--connections', '2', '--mix', 'orders'];
    const kill = async (stop: () => void): Promise<void> => {
      await other.end('SIGKILL');
      stop();
    };
    const result = await other.commandUntil(/1\/600 s: /, (command) => void kill(() => command.kill('SIGINT')), 'bench', ...args);
    expect(result.exitCode).toBe(1);
    expect(result.stdout).toMatch(/errors {6}.*connection lost \d/);
    expect(result.stderr).toMatch(/✗ its orders could not be read back: no Midgard at/);
    expect(existsSync(path.join(other.folder, 'data'))).toBe(true);
  });
});
