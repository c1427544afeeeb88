import { execFile } from 'node:child_process';
import { constants, mkdtempSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../find-program.ts';
import { Guard } from '../guard.ts';

/** What a private server needs on this machine: the paths of its programs. */
export interface MariaDbPrograms {
  readonly server: string;
  /** Makes the first data folder. */
  readonly installDb: string;
}

/** Size of the redo log. The copied files must have the size that the server is told, or it makes them anew at its first start. */
export const logFileSize = '8M';

/** Whether there is something to start: the programs, or undefined unless all of them are there. */
export function findMariaDb(): MariaDbPrograms | undefined {
  const server = findProgram('mariadbd');
  const installDb = findProgram('mariadb-install-db');
  return server === undefined || installDb === undefined ? undefined : { server, installDb };
}

/** The same for who cannot do without. @throws if one of them is missing */
export function installedMariaDb(): MariaDbPrograms {
  const programs = findMariaDb();
  if (programs === undefined) throw new Error('no mariadbd and mariadb-install-db on this machine');
  return programs;
}

/** The server refuses to run as root unless told to. */
export const userArguments: readonly string[] = process.getuid?.() === 0 ? ['--user=root'] : [];

let template: Promise<string> | undefined;

/**
 * Makes a data folder with nothing but the server's own tables. The first one of a process is installed, which takes half a second;
 * all are copies of that.
 *
 * @param data a path where nothing is yet
 */
export async function newDataFolder(programs: MariaDbPrograms, data: string): Promise<void> {
  template ??= install(programs);
  await cp(await template, data, { recursive: true, mode: constants.COPYFILE_FICLONE });
}

async function install({ installDb }: MariaDbPrograms): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'midgard-mariadb-template-'));
  // Never dismissed: the folder goes with this process, or with the worker thread that runs this test file.
  new Guard(folder).watch(undefined);
  const data = join(folder, 'data');
  // A server that starts deletes the temporary tables that it finds, also those of another installation at work.
  const places = [`--datadir=${data}`, `--tmpdir=${folder}`];
  const account = ['--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve'];
  await promisify(execFile)(installDb, ['--no-defaults', ...userArguments, ...account, ...places, `--innodb-log-file-size=${logFileSize}`]);
  return data;
}
