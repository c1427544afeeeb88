import { pino, type Logger as PinoLogger } from 'pino';
import { type Fields, fieldsOf } from './fields.ts';
import { isoClock, type WallClock } from './iso-clock.ts';
import { type LineLevel, LogControl, type LogLevel } from './log-control.ts';
import { type LogStream, Output, type OutputOptions } from './output.ts';
import { type Redact, redactor, redactText } from './redact.ts';

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
  /** The process cannot go on. The line is out of the process when this returns, see {@link LogDestination.flushSync}. */
  fatal(fields: object, message: string): void;
  /**
   * A logger that adds fields to each of its lines. O(fields) once, nothing per line.
   *
   * @param bindings fields of every line; a line's own field of the same name wins
   */
  child(bindings: object): Logger;
}

/** Options of {@link createLogger}. */
export interface LoggerOptions extends OutputOptions {
  /** The least urgent level that is written (default `info`); of no account where `control` is given. */
  readonly level?: LogLevel | undefined;
  /** Changes the level while lines are written; several loggers may share one. */
  readonly control?: LogControl | undefined;
  /** Field `name` of each line: the process or service. */
  readonly name: string;
  /**
   * Asked at each line that is written for fields such as `requestId` and `traceId` of the request that is served at the moment; those of the
   * line and of its logger win. Must be quick and must not throw.
   */
  readonly context?: (() => object | undefined) | undefined;
  /** Further keys whose values are hidden, at any depth; case, dashes and underscores do not count. */
  readonly redact?: readonly string[] | undefined;
  /** Default: the system's. */
  readonly clock?: WallClock | undefined;
}

/**
 * Makes a logger on pino with one schema, `@midgard/logging/schema.json`:
 * `{"level":"info","stream":"service","time":"2026-01-31T12:00:00.000Z","name":…,<fields>,"msg":…}`.
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
 * @throws {LoggingError} `ERR_LOG_OPTIONS`: there is no such level
 */
export function createLogger(options: LoggerOptions): Logger {
  const { level = 'info', control = new LogControl({ level }), context, redact = [] } = options;
  const writer = new LineWriter(options);
  return loggerOn({ writer, control, context, redact: redactor(redact) }, {});
}

/** Writes nothing: the default of what takes a logger. */
export const noopLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, fatal: ignore, child: () => noopLogger };

/** pino, told which line it writes. */
export class LineWriter {
  readonly root: PinoLogger;
  #level: LineLevel = 'info';
  readonly #streamOf: (level: LineLevel) => LogStream;

  /** @param streamOf the stream of a line by its level; default: `error` from that level on, `service` below */
  constructor(options: LoggerOptions, streamOf: (level: LineLevel) => LogStream = ordinaryStream) {
    const output = new Output(options);
    this.#streamOf = streamOf;
    const now = isoClock(options.clock ?? Date);
    this.root = pino(
      {
        // Whether a line is written is asked of the LogControl, because pino's children would keep the level they were made with.
        level: 'debug',
        base: { name: options.name },
        timestamp: () => `,"time":"${now()}"`,
        formatters: { level: (label) => ({ level: label, stream: streamOf(levelOf(label)) }) },
        // Errors are plain data by the time pino sees them; its own serializer would take them for errors again.
        serializers: { err: (value: unknown) => value },
      },
      { write: (line: string) => output.write(line, this.#streamOf(this.#level), this.#level) },
    );
  }

  write(target: PinoLogger, level: LineLevel, fields: Fields, message: string): void {
    this.#level = level;
    target[level](fields, redactText(message));
  }
}

interface LoggerParts {
  readonly writer: LineWriter;
  readonly control: LogControl;
  readonly context: (() => object | undefined) | undefined;
  readonly redact: Redact;
}

function loggerOn(parts: LoggerParts, bindings: Fields): Logger {
  const { writer, control, context, redact } = parts;
  const bound = writer.root.child(bindings);
  /** Each name once in a line, the most particular value of it. */
  const targetFor = (own: Fields): PinoLogger => (shareKeys(own, bindings) ? writer.root.child(without(bindings, own)) : bound);
  const write =
    (level: LineLevel) =>
    (fields: object, message: string): void => {
      // Before anything else, so that a line that is not written costs no copy.
      if (!control.isEnabled(level)) return;
      const own = fieldsOf(fields, redact);
      const around = context?.();
      writer.write(targetFor(own), level, around === undefined ? own : { ...without(fieldsOf(around, redact), bindings), ...own }, message);
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
    child: (more) => loggerOn(parts, { ...bindings, ...fieldsOf(more, redact) }),
  };
}

function shareKeys(fields: Fields, others: Fields): boolean {
  for (const key in others) if (Object.hasOwn(fields, key)) return true;
  return false;
}

function without(fields: Fields, others: Fields): Fields {
  return shareKeys(fields, others) ? Object.fromEntries(Object.entries(fields).filter(([key]) => !Object.hasOwn(others, key))) : fields;
}

function ordinaryStream(level: LineLevel): LogStream {
  return level === 'error' || level === 'fatal' ? 'error' : 'service';
}

function levelOf(label: string): LineLevel {
  return label === 'debug' || label === 'warn' || label === 'error' || label === 'fatal' ? label : 'info';
}

function ignore(): void {
  // Nothing to do.
}
