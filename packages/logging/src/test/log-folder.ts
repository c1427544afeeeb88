import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A folder for the files of a log, removed at the end. */
export class LogFolder implements Disposable {
  readonly path: string = mkdtempSync(path.join(tmpdir(), 'midgard-logs-'));

  /** Names of the files of a stream that hold something, the oldest first. */
  files(stream: string): readonly string[] {
    return readdirSync(this.path)
      .filter((name) => name.includes(`-${stream}.`) && this.text(name) !== '')
      .toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
  }

  text(name: string): string {
    return readFileSync(path.join(this.path, name), 'utf8');
  }

  /** The lines of a stream, of all of its files. */
  lines(stream: string): readonly string[] {
    return this.files(stream)
      .flatMap((name) => this.text(name).split('\n'))
      .filter((line) => line !== '');
  }

  /** The messages of a stream. */
  messages(stream: string): readonly unknown[] {
    return this.lines(stream).map((line): unknown => JSON.parse(line).msg);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** By which names sort as their numbers do. */
function order(name: string): string {
  return name.replace(/\d+(?=\.log$)/, (number) => number.padStart(9, '0'));
}
