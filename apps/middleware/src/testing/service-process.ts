import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

const LogLine = z.record(z.string(), z.unknown());

/** Where a started service listens, and the key that it printed. */
export interface StartedService {
  readonly tcpPort: number;
  readonly baseUrl: string;
  readonly key: string;
  /** All that it printed for the person at the terminal. */
  readonly banner: string;
}

/** How a command of the CLI ended. */
export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The service as an operator runs it, a process of its own in a folder of its own, for tests that stop, kill and restart it.
 * The folder is removed at the end.
 */
export class ServiceProcess implements AsyncDisposable {
  readonly folder: string = mkdtempSync(path.join(tmpdir(), 'midgard-service-'));
  readonly #env: Readonly<Record<string, string>>;
  readonly #imports: readonly string[];
  #child: ChildProcess | undefined;
  #output = '';
  #errors = '';

  /**
   * @param env variables beside those that keep it on free ports and in its own folder
   * @param options.imports modules that are loaded before it, such as a double of a driver
   */
  constructor(env: Readonly<Record<string, string>> = {}, { imports = [] }: { readonly imports?: readonly string[] } = {}) {
    this.#env = env;
    this.#imports = imports;
  }

  /** Starts it and waits for its banner. @param ports 0 for free ones, or those of an earlier start */
  async start(ports: { readonly tcp: number; readonly http: number } = { tcp: 0, http: 0 }): Promise<StartedService> {
    const child = this.#spawn(['start'], { MIDGARD_SERVER_TCP_PORT: String(ports.tcp), MIDGARD_SERVER_HTTP_PORT: String(ports.http) });
    this.#child = child;
    child.stdout?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.#errors += chunk.toString()));
    const banner = await bannerOf(child);
    return {
      banner,
      tcpPort: Number(/TCP\s+\S+:(\d+)/.exec(banner)?.[1]),
      baseUrl: /HTTP\s+(https?:\/\/[^/\s]+)/.exec(banner)?.[1] ?? '',
      key: /Key\s+(\S+)/.exec(banner)?.[1] ?? '',
    };
  }

  /** What it has logged so far, of all its lives. */
  get logs(): readonly Readonly<Record<string, unknown>>[] {
    return this.#output.split('\n').flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [LogLine.parse(JSON.parse(line))] : []));
  }

  /** All that it has printed so far, of all its lives, as it came. */
  get printed(): { readonly stdout: string; readonly stderr: string } {
    return { stdout: this.#output, stderr: this.#errors };
  }

  /** Sends a signal and waits for the end. @returns the exit code, null where the signal killed it */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined) return null;
    this.#child = undefined;
    // One that died by itself exits no second time.
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
    return child.exitCode;
  }

  /** Sends a signal without waiting. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Runs another command of the CLI on the same data. */
  command(...args: readonly string[]): Promise<CommandResult> {
    return resultOf(this.#spawn(args, {}));
  }

  /** Runs another command of the CLI on the same data, and kills it when a moment has come. */
  async killCommand(moment: () => Promise<void>, ...args: readonly string[]): Promise<CommandResult> {
    const child = this.#spawn(args, {});
    const result = resultOf(child);
    await moment();
    child.kill('SIGKILL');
    return result;
  }

  /** Runs another command of the CLI on the same data, and acts once, when it has printed something on standard error. */
  async commandUntil(printed: RegExp, act: (command: ChildProcess) => void, ...args: readonly string[]): Promise<CommandResult> {
    const child = this.#spawn(args, {});
    const result = resultOf(child);
    let stderr = '';
    const look = (text: string): void => {
      stderr += text;
      if (!printed.test(stderr)) return;
      child.stderr?.off('data', look);
      act(child);
    };
    child.stderr?.on('data', look);
    return await result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
    return spawn(process.execPath, ['--conditions=@midgard/source', ...this.#imports.map((url) => `--import=${url}`), main, ...args], {
      cwd: this.folder,
      env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], NODE_ENV: 'test', ...this.#env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}

function bannerOf(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let banner = '';
  let errors = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    banner += text;
    if (banner.includes('Ctrl-C')) resolve(banner);
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-10_000)));
  child.once('exit', (code) => reject(new Error(`the service ended with ${code} before it was up\n${banner}\n${errors}`)));
  return promise;
}

async function resultOf(child: ChildProcess): Promise<CommandResult> {
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  await once(child, 'close');
  return { exitCode: child.exitCode, ...output };
}
