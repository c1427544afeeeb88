import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';

/** The repository. */
export const root: string = path.resolve(import.meta.dirname, '../../..');

/** A process of a benchmark, in a folder of its own. */
export interface Launched {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly folder: string;
}

/** Processes of a benchmark and the folders that they run in; all of it is gone at the end. */
export class Children implements AsyncDisposable {
  readonly #folders: string[] = [];
  readonly #children: ChildProcess[] = [];

  constructor() {
    // Whoever is tired of waiting for a benchmark is not left with its servers and databases.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
    process.once('exit', () => {
      for (const child of this.#children) child.kill('SIGKILL');
      this.#removeFolders();
    });
  }

  /** Runs a TypeScript file. */
  launch(args: readonly string[], env: Readonly<Record<string, string>> = {}): Launched {
    // Compiled once for all that a benchmark starts.
    const cache = path.join(root, 'node_modules/.cache/midgard-compiled');
    return this.run(process.execPath, ['--conditions=@midgard/source', ...args], { NODE_COMPILE_CACHE: cache, ...env });
  }

  /** Runs any program. */
  run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Launched {
    const folder = this.folder();
    const child = spawn(program, args, { cwd: folder, env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#children.push(child);
    return { child, pid: child.pid ?? 0, folder };
  }

  /** A folder that is deleted at the end. */
  folder(): string {
    const folder = mkdtempSync(path.join(tmpdir(), 'midgard-bench-'));
    this.#folders.push(folder);
    return folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = this.#children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    const ended = running.map((child) => once(child, 'exit'));
    for (const child of running) child.kill('SIGTERM');
    // A service answers what it has; what takes longer than that is not worth waiting for.
    const impatience = setTimeout(() => running.forEach((child) => child.kill('SIGKILL')), 3000);
    await Promise.all(ended);
    clearTimeout(impatience);
    this.#removeFolders();
  }

  #removeFolders(): void {
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * Waits until a process has printed something, and reads on so that it never waits for us.
 *
 * @throws if it ends before that
 */
export async function printed({ child }: Pick<Launched, 'child'>, pattern: RegExp): Promise<RegExpExecArray> {
  const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
  let text = '';
  let isFound = false;
  child.once('exit', (code) => reject(new Error(`${child.spawnargs.join(' ')} ended with ${String(code)} and printed:\n${text}`)));
  child.once('error', reject);
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    if (isFound) return;
    text += chunk;
    const match = pattern.exec(text);
    if (match === null) return;
    isFound = true;
    resolve(match);
  });
  return promise;
}
