import { accessSync, constants, mkdirSync } from 'node:fs';
import path from 'node:path';
import type { WallClock } from '../iso-clock.ts';
import type { LogTrouble, LogTroubleReason } from '../log-trouble.ts';
import { LoggingError } from '../logging-error.ts';
import { type LogDestination, standardError } from '../output.ts';
import { type FileOptions, fileSettings, type FileSettings } from './file-options.ts';
import { FileThread } from './file-thread.ts';
import { type LogTimers, systemTimers } from '../timers.ts';

/** Options of {@link FileDestination}. */
export interface FileDestinationOptions extends FileOptions {
  /** Told of what keeps lines from their file. Silence would be the worst of it: write it where a person looks, such as standard error. */
  readonly report: (trouble: LogTrouble) => void;
  /** Told of lines that are lost; must not throw. */
  readonly onDropped?: ((lines: number, reason: LogTroubleReason) => void) | undefined;
  /** Most characters that wait to be written, in all threads together; one line more is dropped (default 4 Mi, at least 64 Ki). */
  readonly maxPending?: number | undefined;
  /** Where urgent lines go that may not reach their file; default: standard error, at once. */
  readonly emergency?: LogDestination | undefined;
  /** Time between two attempts on a disk that is full (default 1000). */
  readonly retryMs?: number | undefined;
  readonly timers?: LogTimers | undefined;
  readonly clock?: WallClock | undefined;
  /** Module of the worker thread, for tests that break it. */
  readonly threadModule?: URL | undefined;
}

const graveness: Readonly<Record<LogTroubleReason, number>> = { slow: 0, disk: 1, thread: 2 };

/** A dead thread is followed by another after 1 s, then 2 s, 4 s and so on up to a minute; one that lived so long begins anew. */
const leastRestartMs = 1000;
const mostRestartMs = 60_000;
/** Any time: the timer is there to be there. */
const stayingMs = 60_000;

/**
 * Keeps a log in files, one for each stream, rotated by size and day, in a worker thread.
 *
 * To write is never to wait: it costs a copy. Where the disk is full or slow, or the thread dead, lines wait in memory; what is more than
 * `maxPending` is dropped and counted, and lines of level `error` and `fatal` also go to standard error. A `fatal` line always does.
 *
 * @example
 * ```ts
 * import { createLogger, FileDestination } from '@midgard/logging';
 * const files = new FileDestination({ folder: 'logs', prefix: 'middleware-0', report: (trouble) => console.error(trouble) });
 * const log = createLogger({ name: 'middleware', destination: files });
 * log.info({}, 'started');
 * await files.close();
 * ```
 */
export class FileDestination implements LogDestination, AsyncDisposable {
  readonly #options: FileDestinationOptions;
  readonly #settings: FileSettings;
  readonly #maxPending: number;
  readonly #emergency: LogDestination;
  readonly #clock: WallClock;
  #thread: FileThread | undefined;
  /** Lines that wait for the next thread. */
  #waiting: string[] = [];
  #waitingCharacters = 0;
  #trouble: { readonly reason: LogTroubleReason; dropped: number } | undefined;
  #startedAt = 0;
  #restartMs = leastRestartMs;
  #cancelRestart: (() => void) | undefined;
  #closing: PromiseWithResolvers<void> | undefined;

  /**
   * @param options see {@link FileDestinationOptions}
   * @throws {LoggingError} `ERR_LOG_OPTIONS`: a setting is out of its range
   * @throws {LoggingError} `ERR_LOG_FOLDER`: the folder cannot be made or written
   */
  constructor(options: FileDestinationOptions) {
    const { maxPending = 4 * 1024 * 1024, emergency = standardError(), clock = Date } = options;
    if (!(maxPending >= 65_536)) throw new LoggingError('ERR_LOG_OPTIONS', `maxPending must be 65536 or more, and not ${maxPending}`);
    this.#options = options;
    this.#settings = { ...fileSettings(options), folder: writableFolder(options.folder) };
    this.#maxPending = maxPending;
    this.#emergency = emergency;
    this.#clock = clock;
    this.#start();
  }

  /** Sends one line on its way. Never waits and never throws. */
  write(line: string): void {
    const isFatal = line.startsWith('{"level":"fatal"');
    const isUrgent = isFatal || line.startsWith('{"level":"error"');
    if (this.#closing !== undefined) {
      this.#emergency.write(line);
      return;
    }
    if (isFatal || (isUrgent && this.#trouble !== undefined)) this.#emergency.write(line);
    const pending = this.#pendingCharacters;
    if (pending + line.length > this.#maxPending) {
      this.#enter('slow');
      this.#drop(1);
      return;
    }
    if (this.#trouble?.reason === 'slow' && pending < this.#maxPending / 2) this.#leave('slow');
    if (this.#thread === undefined) this.#wait(line);
    else this.#thread.write(line);
  }

  /** Waits until what was written is in its file, as far as the disk takes it; 10 s at most, when the disk hangs. */
  flushSync(): void {
    this.#thread?.flushSync();
  }

  /** Writes what waits and closes the files. What is written later goes to standard error. */
  async close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = Promise.withResolvers();
      this.#cancelRestart?.();
      if (this.#thread === undefined) this.#closed();
      else this.#thread.end();
    }
    // The thread keeps no process alive: one that has nothing else to do would end here, before its last lines are written.
    const staying = setInterval(() => undefined, stayingMs);
    await this.#closing.promise;
    clearInterval(staying);
  }

  /** The same as {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #pendingCharacters(): number {
    return this.#waitingCharacters + (this.#thread?.underWay.characters ?? 0);
  }

  #wait(line: string): void {
    this.#waiting.push(line);
    this.#waitingCharacters += line.length;
  }

  #start(): void {
    const { retryMs = 1000, threadModule } = this.#options;
    this.#cancelRestart = undefined;
    this.#startedAt = this.#clock.now();
    let thread: FileThread | undefined;
    try {
      thread = new FileThread(
        { settings: this.#settings, retryMs, module: threadModule },
        {
          ready: () => this.#leave('thread'),
          failing: (error) => this.#enter('disk', error),
          recovered: () => this.#leave('disk'),
          notPruned: (error) => this.#options.report({ state: 'not-pruned', error }),
          ended: (error) => this.#ended(thread, error),
        },
      );
    } catch (error) {
      this.#ended(undefined, error instanceof Error ? error : undefined);
      return;
    }
    this.#thread = thread;
    for (const line of this.#waiting.splice(0)) thread.write(line);
    this.#waitingCharacters = 0;
  }

  #ended(thread: FileThread | undefined, error: Error | undefined): void {
    this.#thread = undefined;
    const lost = thread?.underWay.lines ?? 0;
    if (this.#closing !== undefined) {
      if (lost > 0) this.#options.onDropped?.(lost, this.#trouble?.reason ?? 'thread');
      this.#closed();
      return;
    }
    this.#enter('thread', error);
    this.#drop(lost);
    if (this.#clock.now() - this.#startedAt >= mostRestartMs) this.#restartMs = leastRestartMs;
    this.#cancelRestart = (this.#options.timers ?? systemTimers).after(this.#restartMs, () => this.#start());
    this.#restartMs = Math.min(this.#restartMs * 2, mostRestartMs);
  }

  #closed(): void {
    if (this.#waiting.length > 0) this.#options.onDropped?.(this.#waiting.splice(0).length, 'thread');
    this.#closing?.resolve();
  }

  /** Begins a time of trouble, if there is none that is worse. */
  #enter(reason: LogTroubleReason, error?: Error): void {
    if (this.#trouble !== undefined && graveness[reason] <= graveness[this.#trouble.reason]) return;
    this.#trouble = { reason, dropped: this.#trouble?.dropped ?? 0 };
    this.#options.report({ state: 'failing', reason, error });
  }

  #leave(reason: LogTroubleReason): void {
    if (this.#trouble?.reason !== reason) return;
    const { dropped } = this.#trouble;
    this.#trouble = undefined;
    this.#options.report({ state: 'recovered', reason, dropped });
  }

  #drop(lines: number): void {
    if (lines === 0 || this.#trouble === undefined) return;
    this.#trouble.dropped += lines;
    this.#options.onDropped?.(lines, this.#trouble.reason);
  }
}

/** Found at the start, by whoever starts the process, and not by the thread that writes later. */
function writableFolder(folder: string): string {
  const absolute = path.resolve(folder);
  try {
    mkdirSync(absolute, { recursive: true, mode: 0o750 });
    accessSync(absolute, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new LoggingError('ERR_LOG_FOLDER', `folder must be one that can be written, and ${absolute} cannot`, { cause: error });
  }
  return absolute;
}
