import { CodecError } from './codec-error.ts';
import { crc32cOfRange } from './crc32c.ts';
import { checksumBytes, Flag, headerBytes, headerBytesInLength, protocolVersion } from './wire.ts';
import type { KindCode } from './wire.ts';

/** Header of a frame without its length and version. A {@link Frame} is one too, so an answer can be written from its request. */
export interface FrameFields {
  readonly kind: KindCode;
  /** Flag bits and encoding, see {@link Flag} and {@link encodingOf}. */
  readonly flags: number;
  /** 0 normal, 1 high, 2 low. */
  readonly priority: number;
  /** 0 to 2³²−1. */
  readonly requestId: number;
  /** Game number, 0 to 65535; 0 is the middleware itself. */
  readonly game: number;
  /** Operation or event code, 0 to 65535; 0 where the kind has none. */
  readonly operation: number;
}

/** A frame as it was received. */
export interface Frame extends FrameFields {
  /** Body as on the wire: with trace context, compression and checksum still on. Open it with {@link openBody}. */
  readonly body: Buffer;
}

/** Bytes between the header and the payload, and behind it, that the flags ask for. */
export function trailerBytes(flags: number): number {
  return flags & Flag.checksum ? checksumBytes : 0;
}

/**
 * Room that {@link writeFrame} needs.
 *
 * @param payloadBytes length of the payload it gets
 * @param flags flags of the frame
 */
export function frameBytes(payloadBytes: number, flags: number): number {
  return headerBytes + payloadBytes + trailerBytes(flags);
}

/**
 * Writes a frame into a buffer that the caller owns, and allocates nothing: header, payload, and the CRC-32C where
 * `fields.flags` has {@link Flag.checksum}. A payload whose flags say compressed or traced must already be so.
 * O(payload). The frame limit is the caller's to keep.
 *
 * @param target buffer with at least {@link frameBytes} bytes behind `offset`
 * @param offset where the frame begins
 * @param fields header
 * @param payload body without its checksum
 * @returns offset behind the frame
 * @throws {CodecError} `ERR_CODEC_ARGUMENT`: the frame does not fit behind `offset`, or a field is out of its range
 * @example
 * const end = writeFrame(out, 0, { ...request, kind: Kind.response, priority: 0 }, payload);
 * socket.write(out.subarray(0, end));
 */
export function writeFrame(target: Buffer, offset: number, fields: FrameFields, payload: Uint8Array): number {
  const end = offset + frameBytes(payload.length, fields.flags);
  if (end > target.length) throw new CodecError('ERR_CODEC_ARGUMENT', `a frame that ends at ${end} does not fit into ${target.length} bytes`);
  writeHeader(target, offset, fields, end - offset);
  target.set(payload, offset + headerBytes);
  if (fields.flags & Flag.checksum) sealChecksum(target, offset, end);
  return end;
}

/**
 * Writes the 16 header bytes of a frame. Byte by byte: `writeUInt32BE` checks its range again on each call.
 *
 * @param wholeBytes length of the whole frame, its length field included
 */
export function writeHeader(target: Uint8Array, offset: number, fields: FrameFields, wholeBytes: number): void {
  const { kind, flags, priority, requestId, game, operation } = fields;
  checkRanges(fields);
  const length = wholeBytes - 4;
  target[offset] = length >>> 24;
  target[offset + 1] = length >>> 16;
  target[offset + 2] = length >>> 8;
  target[offset + 3] = length;
  target[offset + 4] = protocolVersion;
  target[offset + 5] = kind;
  target[offset + 6] = flags;
  target[offset + 7] = priority;
  target[offset + 8] = requestId >>> 24;
  target[offset + 9] = requestId >>> 16;
  target[offset + 10] = requestId >>> 8;
  target[offset + 11] = requestId;
  target[offset + 12] = game >>> 8;
  target[offset + 13] = game;
  target[offset + 14] = operation >>> 8;
  target[offset + 15] = operation;
}

function checkRanges({ flags, priority, requestId, game, operation }: FrameFields): void {
  if ((flags & 0xff) !== flags) throw outOfRange('flags', flags);
  if ((priority & 0b11) !== priority) throw outOfRange('priority', priority);
  if (requestId >>> 0 !== requestId) throw outOfRange('request id', requestId);
  if ((game & 0xffff) !== game) throw outOfRange('game number', game);
  if ((operation & 0xffff) !== operation) throw outOfRange('operation code', operation);
}

function outOfRange(field: string, value: number): CodecError {
  return new CodecError('ERR_CODEC_ARGUMENT', `${field} ${value} does not fit its field`);
}

/**
 * Fills the last four bytes of a frame with the CRC-32C from its version byte up to them. O(frame).
 *
 * @param target where the frame lies
 * @param offset where it begins
 * @param end offset behind its last byte
 */
export function sealChecksum(target: Uint8Array, offset: number, end: number): void {
  const at = end - checksumBytes;
  const crc = crc32cOfRange(target, offset + 4, at, 0);
  target[at] = crc >>> 24;
  target[at + 1] = crc >>> 16;
  target[at + 2] = crc >>> 8;
  target[at + 3] = crc;
}

/**
 * Whether the last four bytes of a frame are the CRC-32C from its version byte up to them: {@link openBody} for who has the whole frame as it lies
 * in a chunk. O(frame).
 *
 * @param bytes where the frame lies; its flags say that it has a checksum
 * @param offset where it begins
 * @param end offset behind its last byte
 */
export function isSealed(bytes: Uint8Array, offset: number, end: number): boolean {
  const at = end - checksumBytes;
  const crc = crc32cOfRange(bytes, offset + 4, at, 0);
  return bytes[at] === crc >>> 24 && bytes[at + 1] === ((crc >>> 16) & 0xff) && bytes[at + 2] === ((crc >>> 8) & 0xff) && bytes[at + 3] === (crc & 0xff);
}

// The receiving side has only the fields and the body, so it takes the CRC of the header from a rebuilt one.
const rebuiltHeader = new Uint8Array(headerBytes);

/** Whether the last four bytes of the body are the CRC-32C of the frame. The body must have four. */
export function isChecksumRight(frame: Frame): boolean {
  const { body } = frame;
  const at = body.length - checksumBytes;
  writeHeader(rebuiltHeader, 0, frame, headerBytes + body.length);
  const ofHeader = crc32cOfRange(rebuiltHeader, headerBytes - headerBytesInLength, headerBytes, 0);
  return crc32cOfRange(body, 0, at, ofHeader) === body.readUInt32BE(at);
}
