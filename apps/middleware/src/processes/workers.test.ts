import { randomBytes } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { signHandshake } from '@midgard/auth';
import { connect, type ConnectOptions, type TcpClient } from '@midgard/client';
import { realm } from '@midgard/game-realm';
import { until } from '@midgard/test-services';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EventListener } from '../testing/event-listener.ts';
import { callRealm, createPlayer, credit, figureOf } from '../testing/realm-http.ts';
import { ServiceProcess, type StartedService } from '../testing/service-process.ts';
import { WorkerLoad } from '../testing/worker-load.ts';

const timeout = 180_000;

/** A worker takes seconds to start on a busy machine. */
async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(condition, { timeout: 90_000, interval: 50 }).toBe(true);
}

/** The processes that serve now, by their place. */
function pids(service: ServiceProcess): readonly number[] {
  const served = service.logs.filter(({ msg }) => msg === 'a worker serves');
  const byPlace = new Map(served.map(({ worker, pid }) => [Number(worker), Number(pid)]));
  return [...byPlace.entries()].toSorted(([a], [b]) => a - b).map(([, pid]) => pid);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function silence(comment: string): object {
  return { matchers: [{ label: 'alertname', is: 'MidgardCacheAway' }], until: '2999-01-01T00:00:00Z', comment };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function clientsOf({ tcpPort, key }: StartedService, count: number): Promise<readonly TcpClient[]> {
  return Promise.all(Array.from({ length: count }, () => connect({ port: tcpPort, auth: { kind: 'apiKey', key }, backoff: { baseMs: 5, maxMs: 100 } })));
}

async function connectionsOf(started: StartedService): Promise<readonly number[]> {
  return Promise.all([0, 1].map((worker) => figureOf(started, `midgard_connections{transport="tcp",worker="${worker}"}`)));
}

describe('two workers', { timeout }, () => {
  let service: ServiceProcess;
  let started: StartedService;
  let id: string;
  beforeAll(async () => {
    service = new ServiceProcess({ MIDGARD_WORKERS: '2', MIDGARD_SHUTDOWN_GRACE_MS: '3000' });
    started = await service.start();
    id = await createPlayer(started, 'Mira');
  }, timeout);
  afterAll(() => service[Symbol.asyncDispose]());

  test('share the ports, and one page of metrics tells of both and of the primary, whoever is asked', async () => {
    expect(started.banner).toContain('Workers 2');
    const clients = await clientsOf(started, 40);
    const counts = await connectionsOf(started);
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(sum(counts)).toBe(40);
    for (let asked = 0; asked < 6; asked += 1) {
      const page = await (await fetch(`${started.baseUrl}/metrics`, { headers: { Connection: 'close' } })).text();
      for (const worker of ['0', '1', 'primary']) expect(page).toMatch(new RegExp(`^process_resident_memory_bytes\\{worker="${worker}"\\} [1-9]`, 'm'));
      expect(page).toContain('\nmidgard_workers{state="serving"} 2\n');
      expect(page).not.toContain('metrics_merge_refused_total');
    }
    await Promise.all(clients.map((client) => client.close()));
  });

  test('a write through one is seen through the others', async () => {
    const clients = await clientsOf(started, 16);
    expect(Math.min(...(await connectionsOf(started)))).toBeGreaterThan(0);
    for (let level = 2; level < 30; level += 1) {
      const writer = clients[level % clients.length]!.game(realm);
      await writer.call('player.update', { id, level });
      await until(async () => {
        const levels = await Promise.all(clients.map(async (client) => (await client.game(realm).call('player.get', { id })).level));
        return levels.every((each) => each === level);
      });
    }
    await Promise.all(clients.map((client) => client.close()));
  });

  test('the kernel and what is done about the rest spread 2,000 connections within a tenth', async () => {
    const clients: TcpClient[] = [];
    for (let batch = 0; batch < 20; batch += 1) clients.push(...(await clientsOf(started, 100)));
    await until(async () => {
      const counts = await connectionsOf(started);
      return sum(counts) === 2000 && counts.every((count) => Math.abs(count - 1000) <= 100);
    });
    await Promise.all(clients.map((client) => client.close()));
  });

  test('a rolling restart refuses and breaks nothing, whichever way clients ask', async () => {
    const load = new WorkerLoad(started, id);
    const ending = new AbortController();
    const running = load.run(ending.signal);
    await until(() => Object.values(load.answered).every((count) => count > 20));
    const before = pids(service);
    service.signal('SIGUSR2');
    await eventually(() => service.logs.some(({ msg }) => msg === 'all workers were replaced'));
    const after = load.answered;
    await until(() => Object.values(load.answered).every((count, at) => count > Object.values(after)[at]! + 20));
    ending.abort();
    const { failures, answered } = await running;
    expect([failures.slice(0, 10), failures.length]).toEqual([[], 0]);
    expect(Math.min(...Object.values(answered))).toBeGreaterThan(40);
    expect(pids(service).filter((pid) => before.includes(pid))).toEqual([]);
    expect(before.filter(isAlive)).toEqual([]);
  });

  test('a page that listens over WebSocket is sent on by a rolling restart, and hears of every write once, in order', async () => {
    const playerId = await createPlayer(started, 'Sunniva');
    const listeners = [1, 2, 3].map(() => new EventListener(started, [`player:${playerId}`]));
    const running = listeners.map((listener) => listener.run());
    await eventually(() => listeners.every(({ subscribed }) => subscribed === 1));
    const rolls = (): number => service.logs.filter(({ msg }) => msg === 'all workers were replaced').length;
    const before = rolls();
    service.signal('SIGUSR2');
    let written = 0;
    const write = async (): Promise<void> => {
      written += 1;
      await credit(started, playerId, written);
    };
    while (rolls() === before) await write();
    // All have been sent on at least once, and go on to hear.
    await eventually(() => listeners.every(({ subscribed, closeCodes }) => subscribed > 1 && subscribed === closeCodes.length + 1));
    await write();
    await eventually(() => listeners.every(({ events }) => events.length >= written));
    for (const listener of listeners) listener.stop();
    await Promise.all(running);
    const amounts = Array.from({ length: written }, (_, n) => String(n + 1));
    for (const { events, closeCodes, failures } of listeners) {
      expect([failures, new Set(closeCodes)]).toEqual([[], new Set([1001])]);
      expect(events.map(({ data }) => data.amount)).toEqual(amounts);
    }
  });

  test('kill -9 of one loses its connections and no others; another takes its place', async () => {
    const clients = await clientsOf(started, 30);
    const lost = new Set<TcpClient>();
    for (const client of clients) client.on('disconnected', () => lost.add(client));
    const [victim = 0, other] = pids(service);
    const [ofVictim] = await connectionsOf(started);
    process.kill(victim, 'SIGKILL');
    await eventually(() => pids(service)[0] !== victim);
    expect(lost.size).toBe(ofVictim);
    expect(pids(service)[1]).toBe(other);
    for (const client of clients) expect(await client.game(realm).call('player.get', { id })).toMatchObject({ id });
    await until(async () => (await figureOf(started, 'midgard_workers{state="serving"}')) === 2);
    expect(await figureOf(started, 'midgard_worker_deaths_total')).toBe(1);
    await Promise.all(clients.map((client) => client.close()));
  });

  test('on SIGHUP all take up a configuration, or none', async () => {
    const write = (text: string): void => writeFileSync(path.join(service.folder, 'midgard.yaml'), text);
    const key = (await service.command('keys', 'create', '--game', 'realm', '--role', 'viewer')).stdout.trim();
    const statuses = async (): Promise<readonly number[]> => {
      const asked = Array.from({ length: 12 }, () => callRealm(started, 'GET', `/players/${id}/wallet`, { key }));
      return [...new Set((await Promise.all(asked)).map(({ status }) => status))];
    };
    expect(await statuses()).toEqual([200]);
    write("auth: { roles: { viewer: ['player:read'] } }\n");
    service.signal('SIGHUP');
    await expect.poll(statuses, { timeout: 20_000 }).toEqual([403]);
    write("auth: { roles: { viewer: ['*:read'], auditor: ['read everything'] } }\n");
    service.signal('SIGHUP');
    await until(() => service.logs.some(({ msg }) => msg === 'the configuration is faulty: everything stays as it was'));
    expect(await statuses()).toEqual([403]);
    // The commands of the tests below read it, too.
    write('{}\n');
  });

  test('an alert that one keeps quiet is quiet for all, whoever is asked', async () => {
    const key = (await service.command('keys', 'create', '--game', '*', '--role', 'operator')).stdout.trim();
    const ask = (body?: object): Promise<Response> =>
      fetch(`${started.baseUrl}/api/v1/silences`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { 'X-API-Key': key, 'Content-Type': 'application/json', Connection: 'close' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    for (let made = 0; made < 6; made += 1) expect((await ask(silence(`moving ${made}`))).status).toBe(200);
    for (let asked = 0; asked < 6; asked += 1) expect(await (await ask()).json()).toMatchObject({ items: { length: 6 } });
    expect((await ask({ ...silence('too late'), until: '2000-01-01T00:00:00Z' })).status).toBe(400);
  });

  test('SIGTERM ends all of them in order', async () => {
    const all = pids(service);
    expect(await service.end('SIGTERM')).toBe(0);
    expect(all.filter(isAlive)).toEqual([]);
  });
});

test('limits count for all together, and a signed hello is good for one of them once', { timeout }, async () => {
  const secret = 'a secret of thirty-two characters';
  await using service = new ServiceProcess({
    MIDGARD_WORKERS: '2',
    MIDGARD_LIMITS_HANDSHAKE: JSON.stringify({ perSecond: 0.001, burst: 12 }),
    MIDGARD_AUTH_SERVERS: JSON.stringify({ 'arena-1': { secret, games: ['realm'] } }),
  });
  const { tcpPort, key } = await service.start();
  const outcome = async (auth: ConnectOptions['auth']): Promise<number> => {
    try {
      await using client = await connect({ port: tcpPort, auth });
      return (await client.whoami()).subject === '' ? -1 : 0;
    } catch (error) {
      return Number(Reflect.get(Object(error), 'code'));
    }
  };
  const proof = { serverId: 'arena-1', timestamp: Date.now(), nonce: randomBytes(16).toString('base64url') };
  const signed = { kind: 'hmac', ...proof, signature: signHandshake({ ...proof, secret: Buffer.from(secret) }) } as const;
  const replayed = await Promise.all(Array.from({ length: 8 }, () => outcome(signed)));
  expect(replayed.filter((code) => code === 0)).toHaveLength(1);
  expect(replayed.filter((code) => code === 3003)).toHaveLength(7);
  const others = await Promise.all(Array.from({ length: 20 }, () => outcome({ kind: 'apiKey', key })));
  expect(others.filter((code) => code === 0)).toHaveLength(4);
  expect(others.filter((code) => code === 3005)).toHaveLength(16);
});

test('a primary that is killed leaves no worker behind', { timeout }, async () => {
  await using service = new ServiceProcess({ MIDGARD_WORKERS: '2' });
  await service.start();
  const all = pids(service);
  await service.end('SIGKILL');
  await eventually(() => all.filter(isAlive).length === 0);
  expect(service.logs.filter(({ msg }) => msg === 'stopped')).toHaveLength(2);
});

test('each writes log files and durable logs of its own', { timeout }, async () => {
  await using service = new ServiceProcess({ MIDGARD_WORKERS: '2', MIDGARD_INSTANCE: '5', MIDGARD_LOG_FILES_DIR: 'logs' });
  await service.start();
  await service.end('SIGTERM');
  expect(readdirSync(path.join(service.folder, 'data/write-behind')).toSorted()).toEqual(['realm-5', 'realm-6']);
  const written = new Set(readdirSync(path.join(service.folder, 'logs')).map((file) => file.replace(/-[a-z]+\..*$/, '')));
  expect([...written].toSorted()).toEqual(expect.arrayContaining(['midgard-5', 'midgard-5-primary', 'midgard-6']));
});

describe('a start that cannot be', { timeout }, () => {
  test.each([
    ['no number', { MIDGARD_WORKERS: 'many' }, 2, 'MIDGARD_WORKERS'],
    ['too few instance numbers', { MIDGARD_WORKERS: '4', MIDGARD_INSTANCE: '1020' }, 2, 'instance numbers 1020 to 1024'],
    ['a secret that is broken, as the worker tells it', { MIDGARD_WORKERS: '2', MIDGARD_AUTH_SIGNING_KEY: '{' }, 2, 'MIDGARD_AUTH_SIGNING_KEY'],
  ])('%s', async (_what, env, code, told) => {
    await using service = new ServiceProcess(env);
    const { exitCode, stderr } = await service.command('start');
    expect([exitCode, stderr]).toEqual([code, expect.stringContaining(told)]);
  });

  test('a second service on its ports is refused, though the ports are shared', async () => {
    await using service = new ServiceProcess({ MIDGARD_WORKERS: '2' });
    const { tcpPort } = await service.start();
    await using second = new ServiceProcess({ MIDGARD_WORKERS: '2', MIDGARD_SERVER_TCP_PORT: String(tcpPort), MIDGARD_SERVER_HTTP_PORT: '0' });
    const { exitCode, stderr } = await second.command('start');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(`port ${tcpPort} is taken`)]);
  });

  test('a worker is not started by hand', async () => {
    await using service = new ServiceProcess();
    expect(await service.command('worker')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('midgard start') });
  });
});
