import { QueueError } from '../errors.ts';
import { recordHeaderBytes } from './record.ts';
import { segmentHeaderBytes } from './segment.ts';

const mebibyte = 1024 * 1024;

/** How much a log may hold. */
export interface LogBounds {
  /** A segment file that would grow beyond this is followed by a new one; default 64 MiB. */
  readonly segmentBytes?: number;
  /** Most bytes of all segments, so that a consumer that hangs does not fill the disk; default 8 GiB. */
  readonly maxDiskBytes?: number;
  /** Most bytes that wait for the disk, at least one record; default 64 MiB. */
  readonly maxPendingBytes?: number;
  /** Most bytes of a record, up to 1 GiB; default 16 MiB. Never open a log with less than it was written with. */
  readonly maxRecordBytes?: number;
}

/**
 * Fills in the defaults.
 *
 * @throws {QueueError} `ERR_QUEUE_OPTIONS`: a bound makes no sense
 */
export function boundsOf({
  segmentBytes = 64 * mebibyte,
  maxDiskBytes = 8192 * mebibyte,
  maxPendingBytes = 64 * mebibyte,
  maxRecordBytes = 16 * mebibyte,
}: LogBounds): Required<LogBounds> {
  require('segmentBytes', segmentBytes, segmentHeaderBytes + recordHeaderBytes);
  require('maxRecordBytes', maxRecordBytes, 1, 1024 * mebibyte);
  require('maxPendingBytes', maxPendingBytes, recordHeaderBytes + maxRecordBytes);
  require('maxDiskBytes', maxDiskBytes, segmentBytes);
  return { segmentBytes, maxDiskBytes, maxPendingBytes, maxRecordBytes };
}

function require(name: keyof LogBounds, value: number, least: number, most = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new QueueError('ERR_QUEUE_OPTIONS', `${name} must be a whole number of bytes from ${least} to ${most}; it is ${value}`);
}
