import { crc32c } from '@midgard/codec';

/**
 * How records lie in a file, integers big-endian:
 *
 * | offset | bytes | |
 * |---|---|---|
 * | 0 | 4 | CRC-32C of all that follows in the record |
 * | 4 | 4 | bytes of payload |
 * | 8 | 8 | sequence: the record before it has one less |
 * | 16 | … | payload |
 *
 * The sequence is under the checksum, so that an old record left behind in a reused block never passes for the next one.
 */
export const recordHeaderBytes = 16;

/** A record that was read back. */
export interface LogRecord {
  /** Its number in the log, from 1, without gaps. */
  readonly sequence: number;
  /** What was appended. */
  readonly payload: Buffer;
}

/** Why a record cannot be read: the file ends before it does, or its bytes are not what was written. */
export type RecordFault = 'truncated' | 'corrupt';

/**
 * Writes a record into a buffer that has room for it.
 *
 * @returns offset behind it
 */
export function writeRecord(target: Buffer, at: number, sequence: number, payload: Uint8Array): number {
  const end = at + recordHeaderBytes + payload.length;
  target.writeUInt32BE(payload.length, at + 4);
  writeSequence(target, at + 8, sequence);
  target.set(payload, at + recordHeaderBytes);
  target.writeUInt32BE(crc32c(target.subarray(at + 4, end)), at);
  return end;
}

/** Whether a whole record stands at that place, and how many bytes it takes; `needed` tells how many it would take to know. */
export type RecordRead = { readonly record: LogRecord; readonly end: number } | { readonly needed: number } | { readonly fault: RecordFault };

/**
 * Reads the record at a place.
 *
 * @param bytes a piece of the file
 * @param at where the record begins in it
 * @param sequence the number that it must have
 * @param maxPayloadBytes a longer one is corrupt: its length cannot be trusted
 */
export function readRecord(bytes: Buffer, at: number, sequence: number, maxPayloadBytes: number): RecordRead {
  if (bytes.length - at < recordHeaderBytes) return { needed: recordHeaderBytes };
  const payloadBytes = bytes.readUInt32BE(at + 4);
  if (payloadBytes > maxPayloadBytes || readSequence(bytes, at + 8) !== sequence) return { fault: 'corrupt' };
  const end = at + recordHeaderBytes + payloadBytes;
  if (bytes.length < end) return { needed: recordHeaderBytes + payloadBytes };
  if (crc32c(bytes.subarray(at + 4, end)) !== bytes.readUInt32BE(at)) return { fault: 'corrupt' };
  return { record: { sequence, payload: bytes.subarray(at + recordHeaderBytes, end) }, end };
}

/** A whole number up to 2^53 as 8 bytes, without a bigint. */
export function writeSequence(target: Buffer, at: number, sequence: number): void {
  target.writeUInt32BE(Math.floor(sequence / 2 ** 32), at);
  target.writeUInt32BE(sequence % 2 ** 32, at + 4);
}

/** @returns the number that {@link writeSequence} wrote; above 2^53 where something else stands there */
export function readSequence(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
