import { crc32c } from '@midgard/codec';
import type { LogFile } from './log-files.ts';
import { type LogRecord, readRecord, readSequence, type RecordFault, writeSequence } from './record.ts';

/** A segment begins with its mark, the sequence of its first record, and a CRC-32C of these two. */
export const segmentHeaderBytes = 20;
const mark = Buffer.from('MIDGLOG1');
const suffix = '.log';
const digits = 16;
/** Read from the disk at once while scanning; a longer record gets a buffer of its own. */
const chunkBytes = 1024 * 1024;

/** Name of the segment's file; names sort as their sequences do. */
export function segmentName(firstSequence: number): string {
  return String(firstSequence).padStart(digits, '0') + suffix;
}

/** @returns the first sequence that a file's name tells; undefined where it is not a segment */
export function firstSequenceOf(name: string): number | undefined {
  return /^\d{16}\.log$/.test(name) ? Number(name.slice(0, -suffix.length)) : undefined;
}

/** The first bytes of a segment's file. */
export function segmentHeader(firstSequence: number): Buffer {
  return sealed(mark, firstSequence);
}

/** Whether the file begins as the segment of that first record does. */
export async function hasSegmentHeader(file: LogFile, firstSequence: number): Promise<boolean> {
  const header = Buffer.alloc(segmentHeaderBytes);
  await file.read(header, 0);
  return unsealed(mark, header) === firstSequence;
}

/** A mark of eight bytes, a sequence and a checksum over both. */
export function sealed(prefix: Buffer, sequence: number): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes);
  prefix.copy(bytes);
  writeSequence(bytes, 8, sequence);
  bytes.writeUInt32BE(crc32c(bytes.subarray(0, 16)), 16);
  return bytes;
}

/** @returns the sequence that was sealed; undefined where mark or checksum are wrong */
export function unsealed(prefix: Buffer, bytes: Buffer): number | undefined {
  const isWhole = bytes.length === segmentHeaderBytes && bytes.subarray(0, 8).equals(prefix) && bytes.readUInt32BE(16) === crc32c(bytes.subarray(0, 16));
  return isWhole ? readSequence(bytes, 8) : undefined;
}

/** How far a segment could be read. */
export interface SegmentEnd {
  /** Offset behind the last good record. */
  readonly bytes: number;
  /** Sequence that the next record would have. */
  readonly nextSequence: number;
  /** Why reading ended before the file does. */
  readonly fault?: RecordFault;
}

/**
 * Reads the records of a segment in order, a chunk at a time; O(bytes), with memory for one chunk or the longest record.
 *
 * @param size bytes of the file that may be read
 * @returns where and why it ended
 */
export async function* readSegment(
  file: LogFile,
  { firstSequence, size, maxPayloadBytes }: { readonly firstSequence: number; readonly size: number; readonly maxPayloadBytes: number },
): AsyncGenerator<readonly LogRecord[], SegmentEnd> {
  let position = segmentHeaderBytes;
  let sequence = firstSequence;
  let wanted = chunkBytes;
  while (position < size) {
    const chunk = Buffer.allocUnsafe(Math.min(wanted, size - position));
    const bytes = chunk.subarray(0, await file.read(chunk, position));
    const { records, used, needed, fault } = recordsOf(bytes, sequence, maxPayloadBytes);
    position += used;
    sequence += records.length;
    if (records.length > 0) yield records;
    if (fault !== undefined) return { bytes: position, nextSequence: sequence, fault };
    if (records.length === 0 && (bytes.length < chunk.length || position + needed > size))
      return { bytes: position, nextSequence: sequence, fault: 'truncated' };
    wanted = Math.max(chunkBytes, needed);
  }
  return { bytes: position, nextSequence: sequence };
}

function recordsOf(
  bytes: Buffer,
  firstSequence: number,
  maxPayloadBytes: number,
): { records: LogRecord[]; used: number; needed: number; fault: RecordFault | undefined } {
  const records: LogRecord[] = [];
  let used = 0;
  while (used < bytes.length) {
    const read = readRecord(bytes, used, firstSequence + records.length, maxPayloadBytes);
    if ('fault' in read) return { records, used, needed: 0, fault: read.fault };
    if ('needed' in read) return { records, used, needed: read.needed, fault: undefined };
    records.push(read.record);
    used = read.end;
  }
  return { records, used, needed: 0, fault: undefined };
}
