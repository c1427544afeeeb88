/** What we use of pino-roll 4, which comes without types; see its README and that of sonic-boom. */
declare module 'pino-roll' {
  import type { EventEmitter } from 'node:events';

  interface RollingStream extends EventEmitter {
    /** The file that is written now. */
    readonly file: string;
    write(text: string): boolean;
    /** Closes it when all is written; `close` follows. */
    end(): void;
    /** Closes it at once; `close` follows. */
    destroy(): void;
  }

  interface RollingOptions {
    readonly file: string;
    readonly size: string;
    readonly frequency: 'daily';
    readonly dateFormat: string;
    readonly limit: { readonly count: number; readonly removeOtherLogFiles: boolean };
    readonly sync: boolean;
    readonly mode: number;
  }

  export default function build(options: RollingOptions): Promise<RollingStream>;
}
