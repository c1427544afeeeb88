import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { PrivateServer, startOnFreePort } from '../private-server.ts';
import { installedMariaDb, logFileSize, type MariaDbPrograms, newDataFolder, userArguments } from './installation.ts';

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
  // Seconds that a client may take to shake hands; on a busy machine it takes its time.
  'connect-timeout': '60',
  // As every package sets it; without a file of settings it would be latin1.
  'character-set-server': 'utf8mb4',
};

/** A MariaDB of its own for a test, `root` without password. */
export class MariaDbServer extends PrivateServer {
  /** Path of its Unix socket, by which only this server can answer. */
  readonly socketPath: string;
  protected readonly command: readonly [string, ...string[]];
  readonly #programs: MariaDbPrograms;

  /** Use {@link startMariaDb}, which finds the programs and a free port. */
  constructor(programs: MariaDbPrograms, port: number, settings: MariaDbSettings) {
    super('mariadb', port);
    this.#programs = programs;
    this.socketPath = join(this.folder, 'socket');
    const places = { datadir: this.#data, tmpdir: this.folder, socket: this.socketPath, 'pid-file': join(this.folder, 'pid') };
    const given = Object.entries({ ...places, port: `${port}`, 'bind-address': '127.0.0.1', ...smallSettings, ...settings });
    this.command = [programs.server, '--no-defaults', ...userArguments, ...given.map(([name, value]) => `--${name}=${value}`)];
  }

  /** What a client connects to, without a database. */
  get url(): string {
    return `mysql://root@127.0.0.1:${this.port}`;
  }

  /** @returns what a client connects to that works in this database */
  urlOf(database: string): string {
    return `${this.url}/${encodeURIComponent(database)}`;
  }

  override async start(): Promise<void> {
    if (!existsSync(this.#data)) await newDataFolder(this.#programs, this.#data);
    await super.start();
  }

  /** It greets who comes by the socket. It opens that after the port, and nobody else has it. */
  protected async answers(): Promise<boolean> {
    const socket = connect({ path: this.socketPath });
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

  get #data(): string {
    return join(this.folder, 'data');
  }
}

/**
 * Starts a private MariaDB with little memory and without a binary log, which loses no commit when it is killed.
 *
 * @param settings others than that, such as `{ 'innodb-flush-log-at-trx-commit': '0' }`
 * @throws if the programs are missing or it does not start
 */
export async function startMariaDb(settings: MariaDbSettings = {}): Promise<MariaDbServer> {
  const programs = installedMariaDb();
  return startOnFreePort((port) => new MariaDbServer(programs, port, settings));
}
