import { LoggingError } from './logging-error.ts';

/** From the least to the most urgent; `silent` logs nothing. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** The level of a line. */
export type LineLevel = Exclude<LogLevel, 'silent'>;

const severities: Readonly<Record<LogLevel, number>> = { debug: 20, info: 30, warn: 40, error: 50, fatal: 60, silent: Number.POSITIVE_INFINITY };

/** What of a log can be changed while it is written. */
export interface LogSettings {
  /** The least urgent level that is written (default `info`). It holds for the streams `service` and `error`; `silent` ends all of them. */
  readonly level: LogLevel;
  /** Share of the good requests that get a line, 0 to 1 (default 1). Refused, failed and slow ones always do. */
  readonly successRate: number;
  /** From how many milliseconds on a request is slow, above 0; `Infinity`: none is (default 1000). */
  readonly slowMs: number;
}

/**
 * Holds what decides whether a line is written. All loggers that were made with it, and their children, ask it at each line: a change counts
 * from the next line on.
 *
 * @example
 * ```ts
 * import { createLogger, LogControl } from '@midgard/logging';
 * const control = new LogControl({ level: 'warn' });
 * const log = createLogger({ name: 'middleware', control });
 * control.set({ level: 'debug', successRate: 0.1 });
 * log.debug({}, 'is written now');
 * ```
 */
export class LogControl {
  #settings: LogSettings = { level: 'info', successRate: 1, slowMs: 1000 };
  #threshold = severities.info;

  /**
   * @param settings those that differ from the defaults
   * @throws {LoggingError} `ERR_LOG_OPTIONS`: one is out of its range
   */
  constructor(settings: Partial<LogSettings> = {}) {
    this.set(settings);
  }

  /** What counts now. */
  get settings(): LogSettings {
    return this.#settings;
  }

  /**
   * Changes what is given. All or nothing.
   *
   * @throws {LoggingError} `ERR_LOG_OPTIONS`: a setting is out of its range; then nothing has changed
   */
  set(changes: Partial<LogSettings>): void {
    const settings = { ...this.#settings, ...changes };
    check(settings);
    this.#settings = settings;
    this.#threshold = severities[settings.level];
  }

  /** Whether a line of this level is written. One look-up and one comparison. */
  isEnabled(level: LineLevel): boolean {
    return severities[level] >= this.#threshold;
  }

  /** Whether nothing at all is to be written. */
  get isSilent(): boolean {
    return this.#threshold === severities.silent;
  }
}

function check({ level, successRate, slowMs }: LogSettings): void {
  if (!Object.hasOwn(severities, level)) throw outOfRange('level', `one of ${Object.keys(severities).join(', ')}`, level);
  if (!(successRate >= 0 && successRate <= 1)) throw outOfRange('successRate', 'a number from 0 to 1', successRate);
  if (!(slowMs > 0)) throw outOfRange('slowMs', 'a number above 0', slowMs);
}

function outOfRange(name: string, expected: string, value: unknown): LoggingError {
  return new LoggingError('ERR_LOG_OPTIONS', `${name} must be ${expected}, and not ${String(value)}`);
}
