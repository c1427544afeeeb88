import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findProgram } from '../find-program.ts';
import { PrivateServer, startOnFreePort } from '../private-server.ts';

const binaryName = 'redis-server';

/** How a private Redis is set up; written as on its command line, without the dashes. `sentinelOf` (`name host port quorum`) makes it a sentinel. */
export type RedisSettings = Readonly<Record<string, string>>;

const jobSettings: RedisSettings = { appendonly: 'yes', 'maxmemory-policy': 'noeviction', save: '' };

/** A Redis of its own for a test. */
export class RedisServer extends PrivateServer {
  protected readonly command: readonly [string, ...string[]];

  /** Use {@link startRedis}, which finds the binary and a free port. */
  constructor(binary: string, port: number, { sentinelOf, ...settings }: RedisSettings) {
    super('redis', port);
    const given = Object.entries({ port: `${port}`, bind: '127.0.0.1', dir: this.folder, daemonize: 'no', ...settings });
    const options = given.flatMap(([name, value]) => [`--${name}`, value]);
    this.command = sentinelOf === undefined ? [binary, ...options] : [binary, this.#sentinelFile(sentinelOf), '--sentinel', ...options];
  }

  /** What a client connects to. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** It answers PING, which is LOADING while it reads its data, and says whose process it is. */
  protected async answers(pid: number): Promise<boolean> {
    const socket = connect({ port: this.port, host: '127.0.0.1' });
    socket.setTimeout(1000, () => socket.destroy());
    socket.on('error', () => undefined); // Not there yet; closes by itself.
    socket.end('INFO server\r\nPING\r\n');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    await new Promise((resolve) => {
      socket.on('close', resolve);
    });
    return answer.includes(`process_id:${pid}\r\n`) && answer.includes('+PONG');
  }

  /** A sentinel writes what it learns into its file. */
  #sentinelFile(monitor: string): string {
    const file = join(this.folder, 'sentinel.conf');
    const [name = ''] = monitor.split(' ');
    writeFileSync(file, `sentinel monitor ${monitor}\nsentinel down-after-milliseconds ${name} 500\nsentinel failover-timeout ${name} 2000\n`);
    return file;
  }
}

/** Whether {@link startRedis} finds something to start: the path of the binary, or undefined. */
export function findRedis(): string | undefined {
  return findProgram(binaryName);
}

/**
 * Starts a private Redis that is safe for jobs: append-only file, no eviction.
 *
 * @param settings others than that, such as `{ 'maxmemory-policy': 'allkeys-lru' }`
 * @throws if there is no binary or it does not start
 */
export async function startRedis(settings: RedisSettings = {}): Promise<RedisServer> {
  return startServer({ ...jobSettings, ...settings });
}

/**
 * Starts a server of the binary with these settings only.
 *
 * @throws if there is no binary or it does not start
 */
export async function startServer(settings: RedisSettings): Promise<RedisServer> {
  const binary = findRedis();
  if (binary === undefined) throw new Error(`no ${binaryName} on this machine`);
  return startOnFreePort((port) => new RedisServer(binary, port, settings));
}

/** A Redis for tests that neither stop it nor mind its settings, or why there is none. */
export type TestRedis = { readonly url: string; remove(): Promise<void> } | { readonly missing: string };

/**
 * The Redis at `MIDGARD_TEST_REDIS_URL`, else a private one, else the reason why the tests are to be skipped. Tests keep apart by the
 * prefixes of their keys.
 */
export async function redisForTests(): Promise<TestRedis> {
  const url = process.env['MIDGARD_TEST_REDIS_URL'];
  if (url !== undefined && url !== '') return { url, remove: () => Promise.resolve() };
  if (findRedis() === undefined) return { missing: `no MIDGARD_TEST_REDIS_URL and no ${binaryName}` };
  return startRedis();
}
