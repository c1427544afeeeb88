import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { Guard } from './guard.ts';

const startWithinMs = 30_000;
const pollMs = 10;
const maxPortTries = 10;
const maxPrinted = 8000;

/** A server of its own for a test: on a port of 127.0.0.1, its data in a temporary folder; both go when the test's process does. */
export abstract class PrivateServer implements AsyncDisposable {
  readonly port: number;
  /** Holds all that it writes; there before its first start. */
  protected readonly folder: string;
  /** The program and its arguments, the same at each start. */
  protected abstract readonly command: readonly [string, ...string[]];
  readonly #guard: Guard;
  #child: ChildProcess | undefined;
  #isFrozen = false;

  /** @param kind for the name of the folder */
  protected constructor(kind: string, port: number) {
    this.port = port;
    this.folder = mkdtempSync(join(tmpdir(), `midgard-${kind}-`));
    this.#guard = new Guard(this.folder);
  }

  /** Whether this very server, and not another that took its port, serves clients now. */
  protected abstract answers(pid: number): Promise<boolean>;

  /** Whether its process runs, frozen or not. */
  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /**
   * Starts the server, again on the same port and data if it ran before, and waits until it answers.
   *
   * @throws if it ends or does not answer in time; with what it printed
   */
  async start(): Promise<void> {
    const [program, ...rest] = this.command;
    const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#guard.watch(child.pid);
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (printed = `${printed}${chunk.toString()}`.slice(-maxPrinted)));
    }
    child.on('error', (error) => (printed = `${printed}${error.message}`));
    for (const end = Date.now() + startWithinMs; Date.now() < end;) {
      if (child.exitCode !== null || child.pid === undefined) break;
      if (await this.answers(child.pid)) return;
      await sleep(pollMs);
    }
    await this.stop('SIGKILL');
    throw new Error(`${basename(program)} on port ${this.port} did not start:\n${printed}`);
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
    while (this.#isFrozen && runs(pid)) await sleep(1);
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
    rmSync(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }
}

/**
 * @param create makes a server, not yet started, for that port
 * @returns the server, started
 * @throws if it does not start
 */
export async function startOnFreePort<S extends PrivateServer>(create: (port: number) => S): Promise<S> {
  for (let tries = 1; ; tries += 1) {
    const server = create(await freePort());
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

/** Whether any thread of the process is not stopped by a signal; false where the system does not tell. */
function runs(pid: number): boolean {
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
