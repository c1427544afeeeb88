export { createLogger, type LogDestination, type Logger, type LoggerOptions, type LogLevel, noopLogger } from './logger.ts';
export { printable } from './printable.ts';
