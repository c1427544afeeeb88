import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A pipe whose reader reads when it is told to. */
export class Fifo implements Disposable {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'midgard-fifo-'));
  readonly fileDescriptor: number;
  readonly #chunk = Buffer.alloc(65_536);

  constructor() {
    const name = path.join(this.#folder, 'fifo');
    execFileSync('mkfifo', [name]);
    this.fileDescriptor = openSync(name, constants.O_RDWR | constants.O_NONBLOCK);
  }

  /** All that is in it now. */
  read(): string {
    let text = '';
    try {
      while (true) text += this.#chunk.toString('latin1', 0, readSync(this.fileDescriptor, this.#chunk));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return text;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.fileDescriptor);
    rmSync(this.#folder, { recursive: true });
  }
}
