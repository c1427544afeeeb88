import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./writer.ts', import.meta.url));

/** What `writer.ts` says. */
export type Said = Readonly<Record<string, unknown>>;

/** A process that runs `writer.ts`. */
export class WriterProcess implements AsyncDisposable {
  readonly said: Said[] = [];
  errors = '';
  readonly #child: ChildProcess;

  /** @param fileBlocks largest file that it may write, in blocks of 512 bytes as `ulimit -f` counts them in a POSIX shell */
  constructor(folder: string, act: string, fileBlocks?: number) {
    const command = [process.execPath, '--conditions=@midgard/source', script, folder, act];
    const limited = fileBlocks === undefined ? command : ['/bin/sh', '-c', `ulimit -f ${fileBlocks}; exec "$@"`, 'sh', ...command];
    const [program = '', ...args] = limited;
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    if (this.#child.stdout !== null) createInterface(this.#child.stdout).on('line', (line) => this.said.push(JSON.parse(line)));
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
  }

  /** What it said in a state so far. */
  in(state: string): readonly Said[] {
    return this.said.filter((said) => said['state'] === state);
  }

  /** Tells it to end, or kills it, and waits for that. */
  async end(signal?: NodeJS.Signals): Promise<void> {
    if (signal === undefined) this.#child.stdin?.write('end\n');
    else this.#child.kill(signal);
    await this.ended();
  }

  async ended(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'close');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL');
  }
}
