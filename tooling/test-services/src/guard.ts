import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Writable } from 'node:stream';

/** A process that waits until we are gone, however we went, and then ends the server and deletes the folder. */
export class Guard {
  readonly #shell: ChildProcessByStdio<Writable, null, null>;

  /** @param folder what to delete */
  constructor(folder: string) {
    // The server may still write while it is being killed, and rm fails at a folder that fills up again.
    const script = 'while read line; do pid=$line; done; kill -9 "$pid"; sleep 0.2; rm -rf "$0"';
    this.#shell = spawn('sh', ['-c', script, folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    this.#shell.stdin.on('error', () => undefined);
    this.#shell.unref();
  }

  /** @param pid of the server that runs now, or undefined while none does */
  watch(pid: number | undefined): void {
    this.#shell.stdin.write(`${pid ?? 'nobody'}\n`);
  }

  /** Leaves server and folder to us. */
  dismiss(): void {
    this.#shell.kill('SIGKILL');
  }
}
