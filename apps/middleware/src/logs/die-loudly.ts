import type { Logger } from '@midgard/logging';

/** What of the process this needs; `process` fits. */
export interface DyingProcess {
  on(event: 'uncaughtException', listener: (error: unknown, origin: string) => void): unknown;
  exit(code: number): void;
}

/**
 * Ends the process when something was thrown that nobody caught, in a callback or a promise: nobody knows what state it left. The line is
 * written before; unlike what Node would print it is without secrets, and in the log.
 */
export function dieLoudly(process: DyingProcess, log: Logger): void {
  process.on('uncaughtException', (error, origin) => {
    log.fatal({ err: error, origin }, 'nobody caught an error: the service ends');
    process.exit(1);
  });
}
