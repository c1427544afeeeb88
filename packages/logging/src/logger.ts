import { destination as fileDestination, pino, stdTimeFunctions, type Logger as PinoLogger } from 'pino';
import { prettyLine } from './pretty.ts';
import { printableLine } from './printable.ts';
import { type Redact, redactor, redactText } from './redact.ts';

/** From the least to the most urgent; `silent` logs nothing. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/**
 * Writes structured lines. The fields come first and the message is a constant, so that lines of one kind can be counted;
 * an error goes into the field `err`.
 */
export interface Logger {
  /** For the one who looks for a fault. */
  debug(fields: object, message: string): void;
  /** Something happened as it should. */
  info(fields: object, message: string): void;
  /** Someone should look at it by day. */
  warn(fields: object, message: string): void;
  /** A request or a task failed through a fault of ours. */
  error(fields: object, message: string): void;
  /** The process cannot go on. */
  fatal(fields: object, message: string): void;
  /**
   * A logger that adds fields to each of its lines. O(fields) once, nothing per line.
   *
   * @param bindings fields of every line; a line's own field of the same name wins
   */
  child(bindings: object): Logger;
}

/** Where lines go: one call a line, its line break included. */
export interface LogDestination {
  write(line: string): unknown;
}

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** The least urgent level that is written (default `info`). */
  readonly level?: LogLevel | undefined;
  /** Field `name` of each line: the process or service. */
  readonly name: string;
  /** Default: standard output, written at once, so that a crash loses no line. */
  readonly destination?: LogDestination | undefined;
  /** Further keys whose values are hidden, at any depth; case, dashes and underscores do not count. */
  readonly redact?: readonly string[] | undefined;
  /** One readable line instead of JSON, for a terminal (default false). */
  readonly pretty?: boolean | undefined;
}

/** Fields that the logger writes itself; a line's own field of such a name gets `_` behind it and cannot pose as one. */
const ownFields: ReadonlySet<string> = new Set(['level', 'time', 'name', 'msg']);

/**
 * Makes a logger on pino with one schema: `{"level":"info","time":"2026-01-31T12:00:00.000Z","name":…,<fields>,"msg":…}`.
 *
 * Secrets are hidden by key at any depth and by form in any text; a line is one line whatever it holds. Never throws
 * because of what is logged.
 *
 * @example
 * ```ts
 * import { createLogger } from '@midgard/logging';
 * const log = createLogger({ name: 'middleware', level: 'info' });
 * log.child({ game: 'realm' }).error({ err: new Error('boom'), password: 'never shown' }, 'request failed');
 * ```
 */
export function createLogger({ level = 'info', name, destination, redact = [], pretty = false }: LoggerOptions): Logger {
  const sink = destination ?? fileDestination({ dest: 1, sync: true });
  const stream: LogDestination = { write: (line) => sink.write(pretty ? prettyLine(line) : printableLine(line)) };
  const base = pino(
    {
      level,
      base: { name },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // Errors are plain data by the time pino sees them; its own serializer would take them for errors again.
      serializers: { err: (value: unknown) => value },
    },
    stream,
  );
  return loggerOn(base, redactor(redact));
}

/** Writes nothing: the default of what takes a logger. */
export const noopLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, fatal: ignore, child: () => noopLogger };

function loggerOn(target: PinoLogger, redact: Redact): Logger {
  const write =
    (level: Exclude<LogLevel, 'silent'>) =>
    (fields: object, message: string): void => {
      // Checked here as well, so that a debug line that is not written costs no copy.
      if (target.isLevelEnabled(level)) target[level](fieldsOf(fields, redact), redactText(message));
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
    child: (bindings) => loggerOn(target.child(fieldsOf(bindings, redact)), redact),
  };
}

function fieldsOf(fields: object, redact: Redact): Record<string, unknown> {
  const clean = redact(fields instanceof Error ? { err: fields } : fields);
  if (typeof clean !== 'object' || clean === null) return {};
  return Object.fromEntries(Object.entries(clean).map(([key, value]) => [ownFields.has(key) ? `${key}_` : key, value]));
}

function ignore(): void {
  // Nothing to do.
}
