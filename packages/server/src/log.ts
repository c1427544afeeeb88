/** The part of a logger that the server uses; a logger of `@midgard/logging` (or pino) fits. */
export interface ServerLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const ignore = (): void => undefined;

/** Keeps nothing: the default where no log is given. */
export const silentLog: ServerLog = { debug: ignore, info: ignore, warn: ignore, error: ignore };
