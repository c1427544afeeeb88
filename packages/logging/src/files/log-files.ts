import { EventEmitter } from 'node:events';
import type { LogStream } from '../output.ts';
import type { FileSettings } from './file-options.ts';
import { pruneFiles } from './prune-files.ts';
import { RollingFile, type RollingFileListener } from './rolling-file.ts';

const streams: readonly LogStream[] = ['service', 'error', 'request', 'performance', 'audit'];

/** How every line of ours begins. */
const beginning = /^\{"level":"[a-z]+","stream":"([a-z]+)"/;

/** How often it is looked for files that are too old: they go within the hour. */
const pruneMs = 3_600_000;

/** Options of {@link LogFiles}. */
export interface LogFilesOptions {
  readonly settings: FileSettings;
  /** Time between two attempts on a disk that is full. */
  readonly retryMs: number;
  readonly listener: LogFilesListener;
}

/** Told of what happens to all files. */
export interface LogFilesListener extends RollingFileListener {
  /** Files that are too old could not be removed; it is tried again in an hour. */
  notPruned(error: Error): void;
}

/** Shares a log out to a file for each stream. What pino's worker thread asks of a stream: `write`, `end`, and then the event `close`. */
export class LogFiles extends EventEmitter {
  readonly #files: ReadonlyMap<string, RollingFile>;
  readonly #timers: readonly NodeJS.Timeout[];
  /** The beginning of a line whose end has not come yet. */
  #rest = '';

  private constructor(files: ReadonlyMap<string, RollingFile>, { settings, retryMs, listener }: LogFilesOptions) {
    super();
    this.#files = files;
    const prune = (): void => void pruneFiles(settings, new Date()).catch((error: unknown) => listener.notPruned(errorOf(error)));
    prune();
    const retry = (): void => this.#files.forEach((file) => file.retry());
    this.#timers = [setInterval(prune, pruneMs), setInterval(retry, retryMs)];
  }

  /** Opens the files of today, and removes those that are too old. */
  static async open(options: LogFilesOptions): Promise<LogFiles> {
    const { settings, listener } = options;
    const opened = await Promise.all(streams.map(async (stream) => [stream, await RollingFile.open(stream, settings, listener)] as const));
    return new LogFiles(new Map(opened), options);
  }

  /** Takes text as it comes, lines cut anywhere. Never says that it has enough: who writes counts what is not written yet. */
  write(text: string): true {
    const whole = this.#rest + text;
    const end = whole.lastIndexOf('\n') + 1;
    this.#rest = whole.slice(end);
    // One write for each stream, however many lines came together.
    const shares = new Map<string, { text: string; lines: number }>();
    for (let from = 0; from < end;) {
      const next = whole.indexOf('\n', from) + 1;
      const line = whole.slice(from, next);
      const share = shareOf(shares, streamOf(line));
      share.text += line;
      share.lines += 1;
      from = next;
    }
    for (const [stream, share] of shares) this.#files.get(stream)?.write(share.text, share.lines);
    return true;
  }

  /** Closes the files; `close` follows. */
  end(): void {
    for (const timer of this.#timers) clearInterval(timer);
    void Promise.all(Array.from(this.#files.values(), (file) => file.close())).then(() => this.emit('close'));
  }
}

/** What is no line of ours, such as one that another logger of the process wrote, is an ordinary one. */
function streamOf(line: string): string {
  const stream = beginning.exec(line)?.[1];
  return streams.find((known) => known === stream) ?? 'service';
}

function shareOf(shares: Map<string, { text: string; lines: number }>, stream: string): { text: string; lines: number } {
  const known = shares.get(stream);
  if (known !== undefined) return known;
  const share = { text: '', lines: 0 };
  shares.set(stream, share);
  return share;
}

function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
