import { CodecError } from './codec-error.ts';
import { compress } from './compression.ts';
import { frameBytes, sealChecksum, writeHeader } from './frame.ts';
import { writeTrace } from './trace-context.ts';
import { defaultMaxFrameBytes, Flag, flagsOf, headerBytes, isAlwaysJson, isEcho, maxPingBytes, traceBytes } from './wire.ts';
import type { TraceContext } from './trace-context.ts';
import type { Compression, Encoding, KindCode } from './wire.ts';

/** Header of a frame to be sent; what is left out is 0. */
export interface FrameHeader {
  readonly kind: KindCode;
  /** 0 normal, 1 high, 2 low. */
  readonly priority?: 0 | 1 | 2;
  /** 0 to 2³²−1. */
  readonly requestId?: number;
  /** Game number, 0 to 65535. */
  readonly game?: number;
  /** Operation or event code, 0 to 65535. */
  readonly operation?: number;
}

/** What two sides agreed to do to bodies on one connection. */
export interface Sealing {
  /** Algorithm that the handshake agreed on; null or missing: none. */
  readonly compression?: Compression | null;
  /** Whether every frame carries a CRC-32C (default false). */
  readonly checksum?: boolean;
  /** Most bytes of a frame, and of a payload before compression (default 1 MiB). */
  readonly maxFrameBytes?: number;
  /** Payloads up to so many bytes are not worth compressing (default 1024). */
  readonly compressAboveBytes?: number;
}

/** {@link Sealing} of the connection and what is special to one frame. */
export interface EncodeOptions extends Sealing {
  /** Encoding that the payload is in (default: JSON for a hello, welcome or goodbye, else MessagePack). */
  readonly encoding?: Encoding;
  /** Trace context to send along. */
  readonly trace?: TraceContext;
}

const defaultCompressAboveBytes = 1024;

/**
 * Makes a frame: compresses, prepends the trace context, appends the checksum, as agreed. A payload that compression does
 * not make smaller is sent as it is; pings, pongs and frames of the handshake are never compressed. O(payload).
 *
 * @param header kind and addresses
 * @param payload encoded value, see {@link encodeValue}
 * @param options agreement of the connection, encoding and trace
 * @returns a frame in memory of its own
 * @throws {CodecError} `ERR_CODEC_TOO_LARGE`: payload or frame is above the limit; `ERR_CODEC_ARGUMENT`: a field is out of its range
 * @example
 * socket.write(encodeFrame({ kind: Kind.request, requestId: 1, game: 2, operation: 1 }, encodeValue({ id: '42' }, 'msgpack')));
 */
export function encodeFrame(header: FrameHeader, payload: Uint8Array, options: EncodeOptions = {}): Buffer {
  const { kind, priority = 0, requestId = 0, game = 0, operation = 0 } = header;
  const { checksum = false, maxFrameBytes = defaultMaxFrameBytes, trace } = options;
  checkPayloadBytes(kind, payload.length, maxFrameBytes);
  const smaller = compressed(kind, payload, options);
  const body = smaller ?? payload;
  const flags =
    encodingFlags(kind, options.encoding) | (smaller === null ? 0 : Flag.compressed) | (checksum ? Flag.checksum : 0) | (trace === undefined ? 0 : Flag.trace);
  const start = headerBytes + (trace === undefined ? 0 : traceBytes);
  const wholeBytes = frameBytes(start - headerBytes + body.length, flags);
  if (wholeBytes > maxFrameBytes) throw tooLarge(wholeBytes, maxFrameBytes);
  const frame = Buffer.allocUnsafe(wholeBytes);
  writeHeader(frame, 0, { kind, flags, priority, requestId, game, operation }, wholeBytes);
  if (trace !== undefined) writeTrace(frame, headerBytes, trace);
  frame.set(body, start);
  if (checksum) sealChecksum(frame, 0, wholeBytes);
  return frame;
}

function encodingFlags(kind: KindCode, encoding: Encoding | undefined): number {
  if (isAlwaysJson(kind)) return flagsOf('json');
  return flagsOf(encoding ?? 'msgpack');
}

function checkPayloadBytes(kind: KindCode, payloadBytes: number, maxFrameBytes: number): void {
  // The receiver refuses a body that inflates beyond the limit, however small it travels.
  if (payloadBytes > maxFrameBytes) throw tooLarge(payloadBytes, maxFrameBytes);
  if (isEcho(kind) && payloadBytes > maxPingBytes) {
    throw new CodecError('ERR_CODEC_ARGUMENT', `a ping or pong of ${payloadBytes} bytes is above ${maxPingBytes}`);
  }
}

function compressed(kind: KindCode, payload: Uint8Array, options: Sealing): Buffer | null {
  const { compression = null, compressAboveBytes = defaultCompressAboveBytes } = options;
  if (compression === null || payload.length <= compressAboveBytes || isEcho(kind) || isAlwaysJson(kind)) return null;
  const smaller = compress(payload, compression);
  return smaller.length < payload.length ? smaller : null;
}

function tooLarge(bytes: number, maxFrameBytes: number): CodecError {
  return new CodecError('ERR_CODEC_TOO_LARGE', `${bytes} bytes are above the frame limit of ${maxFrameBytes}`);
}
