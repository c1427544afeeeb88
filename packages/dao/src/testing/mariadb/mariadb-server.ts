import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { Guard } from './guard.ts';
import { findMariaDb, logFileSize, type MariaDbPrograms, newDataFolder, userArguments } from './installation.ts';

const startWithinMs = 30_000;
const maxPortTries = 10;

/** How a private MariaDB is set up; written as on its command line, without the leading dashes. */
export type MariaDbSettings = Readonly<Record<string, string>>;

const smallSettings: MariaDbSettings = {
  'innodb-buffer-pool-size': '32M',
  'innodb-log-file-size': logFileSize,
  'innodb-flush-log-at-trx-commit': '1',
  'innodb-buffer-pool-load-at-startup': 'OFF',
  'innodb-buffer-pool-dump-at-shutdown': 'OFF',
  'aria-pagecache-buffer-size': '8M',
  'key-buffer-size': '1M',
  'performance-schema': 'OFF',
  'skip-name-resolve': 'ON',
  'max-connections': '300',
  // As every package sets it; without a file of settings it would be latin1.
  'character-set-server': 'utf8mb4',
};

/** A MariaDB of its own for a test: on a free port of 127.0.0.1, its data in a temporary folder, `root` without password. */
export class MariaDbServer {
  readonly port: number;
  /** Path of its Unix socket, by which only this server can answer. */
  readonly socketPath: string;
  readonly #programs: MariaDbPrograms;
  readonly #folder: string;
  readonly #arguments: readonly string[];
  readonly #guard: Guard;
  #child: ChildProcess | undefined;
  #isFrozen = false;

  /** Use {@link startMariaDb}, which finds the programs and a free port. */
  constructor(programs: MariaDbPrograms, port: number, settings: MariaDbSettings) {
    this.port = port;
    this.#programs = programs;
    this.#folder = mkdtempSync(join(tmpdir(), 'midgard-mariadb-'));
    this.#guard = new Guard(this.#folder);
    this.socketPath = join(this.#folder, 'socket');
    const places = { datadir: this.#data, tmpdir: this.#folder, socket: this.socketPath, 'pid-file': join(this.#folder, 'pid') };
    const given = Object.entries({ ...places, port: `${port}`, 'bind-address': '127.0.0.1', ...smallSettings, ...settings });
    this.#arguments = ['--no-defaults', ...userArguments, ...given.map(([name, value]) => `--${name}=${value}`)];
  }

  /** What a client connects to, without a database. */
  get url(): string {
    return `mysql://root@127.0.0.1:${this.port}`;
  }

  /** @returns what a client connects to that works in this database */
  urlOf(database: string): string {
    return `${this.url}/${encodeURIComponent(database)}`;
  }

  /**
   * Starts the server, again on the same port and data if it ran before, and waits until it answers.
   *
   * @throws if it ends or does not answer in time; with what it printed
   */
  async start(): Promise<void> {
    if (!existsSync(this.#data)) await newDataFolder(this.#programs, this.#data);
    const child = spawn(this.#programs.server, this.#arguments, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#guard.watch(child.pid);
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (printed = `${printed}${chunk.toString()}`.slice(-8000)));
    }
    child.on('error', (error) => (printed = `${printed}${error.message}`));
    for (const end = Date.now() + startWithinMs; Date.now() < end;) {
      if (child.exitCode !== null || child.pid === undefined) break;
      if (await answers(this.socketPath)) return;
      await sleep(10);
    }
    await this.stop('SIGKILL');
    throw new Error(`mariadbd on port ${this.port} did not start:\n${printed}`);
  }

  /** Ends the process and waits for its end; its data stays. `SIGKILL` is the crash, `SIGTERM` (the default) the orderly stop. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    // A frozen process hears no SIGTERM.
    this.#isFrozen = false;
    child.kill('SIGCONT');
    await exited;
    this.#guard.watch(undefined);
  }

  /** Stops answering, with all connections open, as a network that swallows everything. Resolves when it has stopped. */
  async freeze(): Promise<void> {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    this.#isFrozen = true;
    this.#child?.kill('SIGSTOP');
    // The signal stops one thread after the other, and a query that comes meanwhile is still answered.
    while (this.#isFrozen && isRunning(pid)) await sleep(1);
  }

  /** Answers again, also what was asked meanwhile. */
  thaw(): void {
    this.#isFrozen = false;
    this.#child?.kill('SIGCONT');
  }

  /** Ends the server and deletes its data. */
  async remove(): Promise<void> {
    await this.stop('SIGKILL');
    this.#guard.dismiss();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }
}

/**
 * Starts a private MariaDB with little memory and without a binary log, which loses no commit when it is killed.
 *
 * @param settings others than that, such as `{ 'innodb-flush-log-at-trx-commit': '0' }`
 * @throws if the programs are missing or it does not start
 */
export function startMariaDb(settings: MariaDbSettings = {}): Promise<MariaDbServer> {
  return startOnFreePort((programs, port) => new MariaDbServer(programs, port, settings));
}

/**
 * @param create makes a server, not yet started, for that port
 * @returns the server, started
 * @throws if the programs are missing or it does not start
 */
export async function startOnFreePort<S extends MariaDbServer>(create: (programs: MariaDbPrograms, port: number) => S): Promise<S> {
  const programs = findMariaDb();
  if (programs === undefined) throw new Error('no mariadbd and mariadb-install-db on this machine');
  for (let tries = 1; ; tries += 1) {
    const server = create(programs, await freePort());
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

/** Whether the server greets who comes by the socket. It opens that after the port, and nobody else has it. */
async function answers(socketPath: string): Promise<boolean> {
  const socket = connect({ path: socketPath });
  socket.setTimeout(1000, () => socket.destroy());
  socket.on('error', () => undefined); // Not there yet; closes by itself.
  let isGreeted = false;
  socket.once('data', () => {
    isGreeted = true;
    socket.destroy();
  });
  await new Promise((resolve) => {
    socket.on('close', resolve);
  });
  return isGreeted;
}

/** Whether any thread of the process is not stopped by a signal; false where the system does not tell. */
function isRunning(pid: number): boolean {
  const threads = `/proc/${pid}/task`;
  if (!existsSync(threads)) return false;
  return readdirSync(threads).some((thread) => {
    try {
      return !/\) [TZX] /u.test(readFileSync(join(threads, thread, 'stat'), 'utf8'));
    } catch {
      return false; // It ended meanwhile.
    }
  });
}
