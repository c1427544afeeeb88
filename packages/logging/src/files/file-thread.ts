import { transport } from 'pino';
import type { FileSettings } from './file-options.ts';
import type { FileWorkerOptions } from './file-worker.ts';
import { emptyTally, underWay } from './tally.ts';

/** Told of what happens to a {@link FileThread}. */
export interface FileThreadListener {
  /** Lines that are written from now on are taken by a running thread. */
  ready(): void;
  /** The disk takes nothing; lines wait in the thread. */
  failing(error: Error): void;
  recovered(): void;
  notPruned(error: Error): void;
  /** The end of it, asked for or not; comes once. What is under way is lost. */
  ended(error: Error | undefined): void;
}

const ownModule = new URL(import.meta.url.endsWith('.ts') ? './file-worker.ts' : './file-worker.js', import.meta.url);

/** One life of the worker thread that writes the files. */
export class FileThread {
  readonly #transport: ReturnType<typeof transport>;
  readonly #tally = emptyTally();
  #sentLines = 0;
  #sentCharacters = 0;
  #hasEnded = false;

  /**
   * @param module what the thread runs, a test's in place of ours
   * @throws what the system has against one more thread
   */
  constructor(options: { readonly settings: FileSettings; readonly retryMs: number; readonly module?: URL | undefined }, listener: FileThreadListener) {
    const { settings, retryMs, module = ownModule } = options;
    const workerOptions: FileWorkerOptions = { settings, retryMs, tally: this.#tally };
    this.#transport = transport({ target: module.href, options: workerOptions });
    const end = (error?: Error): void => {
      if (this.#hasEnded) return;
      this.#hasEnded = true;
      listener.ended(error);
    };
    // A thread that died says so by error, a turn later, and by close; or by close alone.
    this.#transport
      .on('error', end)
      .on('close', () => void setImmediate(end))
      .on('ready', () => listener.ready())
      .on('log-failing', (message: string) => listener.failing(new Error(message)))
      .on('log-recovered', () => listener.recovered())
      .on('log-not-pruned', (message: string) => listener.notPruned(new Error(message)));
  }

  /** Sends one line. Never waits. */
  write(line: string): void {
    this.#sentLines = (this.#sentLines + 1) | 0;
    this.#sentCharacters = (this.#sentCharacters + line.length) | 0;
    this.#transport.write(line);
  }

  /** What was sent and is not in a file yet. */
  get underWay(): { readonly lines: number; readonly characters: number } {
    return underWay(this.#tally, this.#sentLines, this.#sentCharacters);
  }

  /** Waits until the thread has done what it can with what was sent, 10 s at most. */
  flushSync(): void {
    try {
      this.#transport.flushSync();
    } catch {
      // It hangs or is dead: the latter is told by an event.
    }
  }

  /** Lets it write what was sent, and ends it; `ended` is told. Holds the process up meanwhile, 10 s at most. */
  end(): void {
    this.#transport.end();
  }
}
