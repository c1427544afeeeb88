import { destination as fileDescriptor } from 'pino';
import type { LineLevel } from './log-control.ts';
import { prettyLine } from './pretty.ts';
import { printableLine } from './printable.ts';

/**
 * What a line belongs to: an ordinary line or one of level `error` and above; a finished request; a slow one with its stages; what was done
 * that must be accounted for.
 */
export type LogStream = 'service' | 'error' | 'request' | 'performance' | 'audit';

/** Where lines go: one call a line, its line break included. */
export interface LogDestination {
  write(line: string): unknown;
  /** Returns when what was written is out of the process; called after each line of level `fatal`. */
  flushSync?(): void;
}

/** Standard error, written at once; where nobody reads it any more, lines are lost in silence. */
export function standardError(): LogDestination {
  return fileDescriptor({ dest: 2, sync: true });
}

/** Told of each line that is written. */
export type LineListener = (stream: LogStream, level: LineLevel) => void;

/** Options of {@link Output}. */
export interface OutputOptions {
  /** Default: standard output, written at once, so that a crash loses no line. */
  readonly destination?: LogDestination | undefined;
  /** One readable line instead of JSON, for a terminal (default false). */
  readonly pretty?: boolean | undefined;
  /** Counts lines; must not throw. */
  readonly onLine?: LineListener | undefined;
}

/** The last step of every line, whichever way it was made. */
export class Output {
  readonly #destination: LogDestination;
  readonly #isPretty: boolean;
  readonly #onLine: LineListener | undefined;

  constructor({ destination = fileDescriptor({ dest: 1, sync: true }), pretty = false, onLine }: OutputOptions) {
    this.#destination = destination;
    this.#isPretty = pretty;
    this.#onLine = onLine;
  }

  /** A line of JSON, which may hold signs that a terminal would obey. */
  write(line: string, stream: LogStream, level: LineLevel): void {
    this.#end(this.#isPretty ? prettyLine(line) : printableLine(line), stream, level);
  }

  /** A line of JSON that holds no such signs. */
  writePrintable(line: string, stream: LogStream, level: LineLevel): void {
    this.#end(this.#isPretty ? prettyLine(line) : line, stream, level);
  }

  #end(line: string, stream: LogStream, level: LineLevel): void {
    this.#destination.write(line);
    this.#onLine?.(stream, level);
    if (level === 'fatal') this.#destination.flushSync?.();
  }
}
