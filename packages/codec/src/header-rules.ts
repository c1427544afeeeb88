import { CodecError } from './codec-error.ts';
import {
  checksumBytes,
  Flag,
  hasReservedEncoding,
  headerBytes,
  headerBytesInLength,
  highestPriority,
  isEcho,
  isKindCode,
  Kind,
  maxPingBytes,
  protocolVersion,
  reservedFlags,
  traceBytes,
} from './wire.ts';
import type { Frame } from './frame.ts';
import type { KindCode } from './wire.ts';

/** Kinds that each side may send, as a bit set by kind number. */
const kindsFrom = {
  client: bitsOf(Kind.request, Kind.ping, Kind.pong, Kind.hello, Kind.goodbye),
  server: bitsOf(Kind.response, Kind.error, Kind.push, Kind.ping, Kind.pong, Kind.welcome, Kind.goodbye),
  either: bitsOf(...Object.values(Kind)),
} as const;

function bitsOf(...kinds: readonly KindCode[]): number {
  return kinds.reduce<number>((bits, kind) => bits | (1 << kind), 0);
}

/** Bit set of the kinds that a side may send. */
export function allowedKinds(from: 'client' | 'server' | undefined): number {
  return kindsFrom[from ?? 'either'];
}

/**
 * Length of the whole frame, told from its first four bytes.
 *
 * @throws {CodecError} `ERR_CODEC_PROTOCOL`: shorter than a header; `ERR_CODEC_TOO_LARGE`: above the limit
 */
export function readFrameBytes(bytes: Buffer, offset: number, maxFrameBytes: number): number {
  const length = bytes.readUInt32BE(offset);
  if (length < headerBytesInLength) throw protocol(`length ${length} is under ${headerBytesInLength}`);
  if (length + 4 > maxFrameBytes) throw new CodecError('ERR_CODEC_TOO_LARGE', `a frame of ${length + 4} bytes is above the limit of ${maxFrameBytes}`);
  return length + 4;
}

/**
 * Holds a header against every rule that needs no more than its 16 bytes, in a fixed order, so that the verdict does not
 * depend on how the bytes were cut.
 *
 * @returns kind of the frame
 * @throws {CodecError} `ERR_CODEC_PROTOCOL`: see PROTOCOL.md, Protocol errors
 */
export function checkHeader(bytes: Buffer, offset: number, wholeBytes: number, allowed: number): KindCode {
  const version = bytes[offset + 4];
  if (version !== protocolVersion) throw protocol(`version ${version} is unknown`);
  const kind = bytes[offset + 5] ?? -1;
  if (!isKindCode(kind)) throw protocol(`kind ${kind} is unknown`);
  if ((allowed & (1 << kind)) === 0) throw protocol(`kind ${kind} is not for this side to send`);
  const flags = bytes[offset + 6] ?? reservedFlags;
  if (flags & reservedFlags || hasReservedEncoding(flags)) throw protocol('a reserved flag is set');
  const priority = bytes[offset + 7] ?? -1;
  if (priority > highestPriority) throw protocol(`priority ${priority} is unknown`);
  checkBodyBytes(kind, flags, wholeBytes - headerBytes);
  return kind;
}

/** Reads a frame whose header was checked; its body is a view. */
export function readFrame(bytes: Buffer, offset: number, wholeBytes: number, kind: KindCode): Frame {
  return {
    kind,
    flags: bytes.readUInt8(offset + 6),
    priority: bytes.readUInt8(offset + 7),
    requestId: bytes.readUInt32BE(offset + 8),
    game: bytes.readUInt16BE(offset + 12),
    operation: bytes.readUInt16BE(offset + 14),
    body: bytes.subarray(offset + headerBytes, offset + wholeBytes),
  };
}

/** Bytes of a body that are not payload. */
export function sealBytes(flags: number): number {
  return (flags & Flag.trace ? traceBytes : 0) + (flags & Flag.checksum ? checksumBytes : 0);
}

function checkBodyBytes(kind: KindCode, flags: number, bodyBytes: number): void {
  const payloadBytes = bodyBytes - sealBytes(flags);
  if (payloadBytes < 0) throw protocol('the body is shorter than its flags say');
  if (!isEcho(kind)) return;
  if (flags & Flag.compressed) throw protocol('a ping or pong is never compressed');
  if (payloadBytes > maxPingBytes) throw protocol(`a ping or pong of ${payloadBytes} bytes is above ${maxPingBytes}`);
}

function protocol(message: string): CodecError {
  return new CodecError('ERR_CODEC_PROTOCOL', message);
}
