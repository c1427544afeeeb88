import { writeSync } from 'node:fs';
import process from 'node:process';
import type { LogTrouble } from './log-trouble.ts';
import type { LogDestination } from './output.ts';
import { type LogTimers, systemTimers } from './timers.ts';

/** Options of {@link StandardOutput}. */
export interface StandardOutputOptions {
  /** Told of what keeps lines from their reader, and when it is over: `slow` where nobody reads them, `disk` where they cannot be written. */
  readonly report: (trouble: LogTrouble) => void;
  /** Told of lines that are lost; must not throw. */
  readonly onDropped?: ((lines: number, reason: 'slow' | 'disk') => void) | undefined;
  /** Most characters that wait to be read; one line more is dropped (default 4 Mi, at least 1). */
  readonly maxPending?: number | undefined;
  /** Time between two attempts where the reader takes no more, in milliseconds (default 20). */
  readonly retryMs?: number | undefined;
  readonly timers?: LogTimers | undefined;
  /** Open and non-blocking if it is a pipe; default: that of standard output. */
  readonly fileDescriptor?: number | undefined;
}

interface Trouble {
  readonly reason: 'slow' | 'disk';
  dropped: number;
}

/** How long a process that ends, or has written a `fatal` line, waits for its reader. */
const patienceMs = 2000;
const napMs = 10;

/**
 * Keeps a log on standard output. All lines of a turn of the event loop leave in one write.
 *
 * A reader that stands still holds nobody up: lines wait in memory, and what is more than `maxPending` is dropped and counted. pino's own
 * destination sleeps a tenth of a second whenever the pipe is full, and with it whoever serves requests on that thread.
 *
 * An exit, also by an error that nobody caught, waits until the reader has what was written; `kill -9` takes the lines of one turn.
 *
 * @example
 * ```ts
 * import { createLogger, StandardOutput } from '@midgard/logging';
 * using output = new StandardOutput({ report: (trouble) => console.error(trouble) });
 * createLogger({ name: 'middleware', destination: output }).info({}, 'started');
 * ```
 */
export class StandardOutput implements LogDestination, Disposable {
  readonly #options: StandardOutputOptions;
  readonly #fileDescriptor: number;
  readonly #maxPending: number;
  readonly #timers: LogTimers;
  /** Lines that were not tried yet. */
  #lines = '';
  /** The rest of those of which the reader has taken some. */
  #rest: Buffer = Buffer.alloc(0);
  #isDue = false;
  #isClosed = false;
  #trouble: Trouble | undefined;
  readonly #onExit = (): void => this.flushSync();

  /** @param options see {@link StandardOutputOptions} */
  constructor(options: StandardOutputOptions) {
    // To ask the process for it makes a pipe non-blocking.
    const { fileDescriptor = process.stdout.fd, maxPending = 4 * 1024 * 1024, timers = systemTimers } = options;
    this.#options = options;
    this.#fileDescriptor = fileDescriptor;
    this.#maxPending = maxPending;
    this.#timers = timers;
    process.on('exit', this.#onExit);
  }

  /** Sends one line on its way. Never waits and never throws. */
  write(line: string): void {
    if (this.#lines.length + this.#rest.length + line.length > this.#maxPending) return this.#drop();
    this.#lines += line;
    if (this.#isClosed) return void this.#flush();
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => this.#writeOut());
  }

  /** Waits until the reader has what was written; 2 s at most. */
  flushSync(): void {
    const until = performance.now() + patienceMs;
    while (this.#flush() === 'busy' && performance.now() < until) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, napMs);
  }

  /** Waits as {@link flushSync} does. What is written later is written at once, and no exit is waited for any more. */
  [Symbol.dispose](): void {
    process.off('exit', this.#onExit);
    this.#isClosed = true;
    this.flushSync();
  }

  #writeOut(): void {
    this.#isDue = false;
    if (this.#flush() === 'written') return;
    this.#isDue = true;
    this.#timers.after(this.#options.retryMs ?? 20, () => this.#writeOut());
  }

  #flush(): 'written' | 'busy' | 'failed' {
    try {
      while (this.#rest.length > 0 || this.#lines !== '') {
        if (this.#rest.length === 0) {
          this.#rest = Buffer.from(this.#lines);
          this.#lines = '';
        }
        this.#rest = this.#rest.subarray(writeSync(this.#fileDescriptor, this.#rest));
      }
    } catch (error) {
      // A full pipe is nothing to tell of until lines are lost by it.
      if (isBusy(error)) return 'busy';
      this.#enter('disk', error);
      return 'failed';
    }
    this.#leave();
    return 'written';
  }

  #drop(): void {
    const trouble = this.#enter('slow');
    trouble.dropped += 1;
    this.#options.onDropped?.(1, trouble.reason);
  }

  #enter(reason: 'slow' | 'disk', error?: unknown): Trouble {
    if (this.#trouble !== undefined) return this.#trouble;
    this.#trouble = { reason, dropped: 0 };
    this.#options.report({ state: 'failing', reason, error: error instanceof Error ? error : undefined });
    return this.#trouble;
  }

  #leave(): void {
    if (this.#trouble === undefined) return;
    const { reason, dropped } = this.#trouble;
    this.#trouble = undefined;
    this.#options.report({ state: 'recovered', reason, dropped });
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EBUSY');
}
