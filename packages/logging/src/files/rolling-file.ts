// oxlint-disable-next-line typescript/triple-slash-reference -- an ambient module is no module that could be imported
/// <reference path="./pino-roll.d.ts" />
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import build from 'pino-roll';
import type { LogStream } from '../output.ts';
import type { FileSettings } from './file-options.ts';

/** Told of what happens to the lines of a {@link RollingFile}. */
export interface RollingFileListener {
  /** Lines are in the file, or where the kernel keeps what goes there. */
  written(lines: number, characters: number): void;
  /** Told once; nothing is lost as yet. */
  failing(error: Error): void;
  recovered(): void;
}

/** Readable for those who look after the machine, and for nobody else: lines tell who did what. */
const mode = 0o640;

/**
 * One stream of the log on disk, rotated by size and by day by pino-roll. A write that fails, on a full disk for example, is tried again with
 * the next one, and where it stood: a line that was cut is completed.
 */
export class RollingFile {
  readonly #file: Awaited<ReturnType<typeof build>>;
  readonly #listener: RollingFileListener;
  #unwritten = { lines: 0, characters: 0 };
  #isFailing = false;

  private constructor(file: Awaited<ReturnType<typeof build>>, listener: RollingFileListener) {
    this.#file = file;
    this.#listener = listener;
    file.on('drain', () => this.#drained());
    file.on('error', (error: Error) => this.#failed(error));
  }

  /** Opens the file of today, behind what is in it. */
  static async open(stream: LogStream, { folder, prefix, maxBytes, maxFiles }: FileSettings, listener: RollingFileListener): Promise<RollingFile> {
    const file = await build({
      file: path.join(folder, `${prefix}-${stream}.log`),
      size: `${maxBytes}b`,
      frequency: 'daily',
      dateFormat: 'yyyy-MM-dd',
      limit: { count: maxFiles, removeOtherLogFiles: true },
      // In this thread: a disk that hangs holds up nobody else, whereas libuv's threads also serve the passwords and files of all the others.
      sync: true,
      mode,
    });
    const opened = new RollingFile(file, listener);
    // A process that was killed may have left half a line, which must not swallow the first of ours.
    if (endsWithinLine(file.file)) opened.write('\n', 0);
    return opened;
  }

  /** Writes whole lines, now or with a later write. */
  write(text: string, lines: number): void {
    this.#unwritten.lines += lines;
    if (lines > 0) this.#unwritten.characters += text.length;
    this.#file.write(text);
  }

  /** Tries again where the last write failed. */
  retry(): void {
    if (this.#isFailing) this.#file.write('');
  }

  /** Closes it; what could not be written is given up. */
  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#file.once('close', resolve);
    if (this.#isFailing) this.#file.destroy();
    else this.#file.end();
    await promise;
  }

  /** All that was given is written. Comes in the same turn as the write, after it. */
  #drained(): void {
    const { lines, characters } = this.#unwritten;
    this.#unwritten = { lines: 0, characters: 0 };
    if (lines > 0) this.#listener.written(lines, characters);
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#listener.recovered();
  }

  #failed(error: Error): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#listener.failing(error);
  }
}

function endsWithinLine(file: string): boolean {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const last = Buffer.alloc(1);
    return size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last.toString() !== '\n';
  } finally {
    closeSync(descriptor);
  }
}
