import { LoggingError } from '../logging-error.ts';

/** Which files a log is kept in. */
export interface FileOptions {
  /** Made where it is not there. */
  readonly folder: string;
  /**
   * What the names begin with: letters, digits, `-` and `_`. Of one process: two that share it would rotate each other's files.
   * The files are `<prefix>-<stream>.<date>.<number>.log`, by the days of the machine's time zone.
   */
  readonly prefix: string;
  /** A file that reaches it is followed by the next, at least 1024 (default 100 MiB). */
  readonly maxBytes?: number | undefined;
  /** Files of so many days before today are kept, 1 or more (default 7). */
  readonly keepDays?: number | undefined;
  /** Most files of each stream, the oldest go first, 2 or more (default 50). It bounds the disk that a bad day takes. */
  readonly maxFiles?: number | undefined;
}

/** {@link FileOptions} with the defaults, checked. */
export type FileSettings = { readonly [K in keyof FileOptions]-?: NonNullable<FileOptions[K]> };

/** @throws {LoggingError} `ERR_LOG_OPTIONS`: one is out of its range */
export function fileSettings({ folder, prefix, maxBytes = 100 * 1024 * 1024, keepDays = 7, maxFiles = 50 }: FileOptions): FileSettings {
  if (folder === '') throw new LoggingError('ERR_LOG_OPTIONS', 'folder must name a folder, and not be empty');
  if (!/^[\w-]+$/.test(prefix)) throw new LoggingError('ERR_LOG_OPTIONS', `prefix must be of letters, digits, - and _, and not ${prefix}`);
  for (const [name, value, least] of [
    ['maxBytes', maxBytes, 1024],
    ['keepDays', keepDays, 1],
    ['maxFiles', maxFiles, 2],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < least)
      throw new LoggingError('ERR_LOG_OPTIONS', `${name} must be an integer of ${least} or more, and not ${value}`);
  }
  return { folder, prefix, maxBytes, keepDays, maxFiles };
}
