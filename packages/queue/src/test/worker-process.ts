import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a worker in a process of its own is told. */
export interface WorkerSettings {
  readonly url: string;
  /** The database of the effects. */
  readonly file: string;
  readonly workMs: number;
  readonly lockMs: number;
  readonly concurrency: number;
  readonly graceMs: number;
}

const program = fileURLToPath(new URL('./queue-worker.ts', import.meta.url));

/** A worker in a process of its own, for tests that kill it. */
export class WorkerProcess {
  readonly #child: ChildProcess;

  constructor(settings: WorkerSettings) {
    const options = ['--conditions=@midgard/source', '--disable-warning=ExperimentalWarning'];
    this.#child = spawn(process.execPath, [...options, program, JSON.stringify(settings)], { stdio: ['pipe', 'ignore', 'inherit'] });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Sends the signal and waits for the end; gives the exit code, or the signal that it died of. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return Promise.resolve(exitCode ?? String(signalCode));
    return new Promise((resolve) => {
      this.#child.once('exit', (code, by) => resolve(code ?? String(by)));
      this.#child.kill(signal);
    });
  }
}
