export { createLogger, type Logger, type LoggerOptions, noopLogger } from './logger.ts';
export { LogControl, type LineLevel, type LogLevel, type LogSettings } from './log-control.ts';
export type { LineListener, LogDestination, LogStream, OutputOptions } from './output.ts';
export type { WallClock } from './iso-clock.ts';
export { EntryLog, type EntryLogOptions } from './entries/entry-log.ts';
export type { AuditEntry, RequestEntry } from './entries/entry.ts';
export { LoggingError, type LoggingErrorCode } from './logging-error.ts';
export { printable } from './printable.ts';
