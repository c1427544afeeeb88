import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

const startWithinMs = 20_000;
const maxPortTries = 10;
const binaryName = 'redis-server';

/** How a private Redis is set up; written as on its command line, without the dashes. `sentinelOf` (`name host port quorum`) makes it a sentinel. */
export type RedisSettings = Readonly<Record<string, string>>;

const jobSettings: RedisSettings = { appendonly: 'yes', 'maxmemory-policy': 'noeviction', save: '' };

/** A Redis of its own for a test: on a free port of 127.0.0.1, its data in a temporary folder. */
export class RedisServer {
  readonly port: number;
  readonly #folder: string;
  readonly #arguments: readonly string[];
  #child: ChildProcess | undefined;
  readonly #guard: Guard;

  /** Use {@link startRedis}, which finds the binary and a free port. */
  constructor(binary: string, port: number, { sentinelOf, ...settings }: RedisSettings) {
    this.port = port;
    this.#folder = mkdtempSync(join(tmpdir(), 'midgard-redis-'));
    this.#guard = new Guard(this.#folder);
    const given = Object.entries({ port: `${port}`, bind: '127.0.0.1', dir: this.#folder, daemonize: 'no', ...settings });
    const options = given.flatMap(([name, value]) => [`--${name}`, value]);
    this.#arguments = sentinelOf === undefined ? [binary, ...options] : [binary, this.#sentinelFile(sentinelOf), '--sentinel', ...options];
  }

  /** Whether its process runs, frozen or not. */
  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What a client connects to. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /**
   * Starts the server, again on the same port and data if it ran before, and waits until it answers.
   *
   * @throws if it ends or does not answer in time; with what it printed
   */
  async start(): Promise<void> {
    const [binary = binaryName, ...rest] = this.#arguments;
    const child = spawn(binary, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#guard.watch(child.pid);
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (printed = `${printed}${chunk.toString()}`.slice(-4000)));
    }
    child.on('error', (error) => (printed = `${printed}${error.message}`));
    for (const end = Date.now() + startWithinMs; Date.now() < end;) {
      if (child.exitCode !== null || child.pid === undefined) break;
      if (await answers(this.port, child)) return;
      await sleep(20);
    }
    await this.stop('SIGKILL');
    throw new Error(`redis-server on port ${this.port} did not start:\n${printed}`);
  }

  /** Ends the process and waits for its end; its data stays. `SIGKILL` is the crash, `SIGTERM` (the default) the orderly stop. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    // A frozen process hears no SIGTERM.
    child.kill('SIGCONT');
    await exited;
    this.#guard.watch(undefined);
  }

  /** Stops answering, with all connections open, as a network that swallows everything. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  /** Answers again, also what was asked meanwhile. */
  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** A sentinel writes what it learns into its file. */
  #sentinelFile(monitor: string): string {
    const file = join(this.#folder, 'sentinel.conf');
    const [name = ''] = monitor.split(' ');
    writeFileSync(file, `sentinel monitor ${monitor}\nsentinel down-after-milliseconds ${name} 500\nsentinel failover-timeout ${name} 2000\n`);
    return file;
  }

  /** Ends the server and deletes its data. */
  async remove(): Promise<void> {
    await this.stop('SIGKILL');
    this.#guard.dismiss();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Whether {@link startRedis} finds something to start: the path of the binary, or undefined. */
export function findRedis(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'];
  return folders.map((folder) => join(folder, binaryName)).find((path) => existsSync(path));
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
  for (let tries = 1; ; tries += 1) {
    const server = new RedisServer(binary, await freePort(), settings);
    try {
      await server.start();
      return server;
    } catch (error) {
      await server.remove();
      // Another process may have taken the port in the meantime.
      if (tries === maxPortTries || !String(error).includes('Address already in use')) throw error;
    }
  }
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

/** A process that waits until we are gone, however we went, and then does what `remove` would have done. */
class Guard {
  readonly #shell: ChildProcessByStdio<Writable, null, null>;

  constructor(folder: string) {
    // Redis may still write while it is being killed, and rm fails at a folder that fills up again.
    const script = 'while read line; do pid=$line; done; kill -9 "$pid"; sleep 0.2; rm -rf "$0"';
    this.#shell = spawn('sh', ['-c', script, folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    this.#shell.stdin.on('error', () => undefined);
    this.#shell.unref();
  }

  watch(pid: number | undefined): void {
    this.#shell.stdin.write(`${pid ?? 'nobody'}\n`);
  }

  dismiss(): void {
    this.#shell.kill('SIGKILL');
  }
}

/** Whether this very server, and not another that took its port, answers PING: it says LOADING while it reads its data. */
async function answers(port: number, child: ChildProcess): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.setTimeout(1000, () => socket.destroy());
  socket.on('error', () => undefined); // Not there yet; closes by itself.
  socket.end('INFO server\r\nPING\r\n');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  await new Promise((resolve) => {
    socket.on('close', resolve);
  });
  return answer.includes(`process_id:${child.pid}\r\n`) && answer.includes('+PONG');
}
