import { CodecError } from './codec-error.ts';
import { decompress } from './compression.ts';
import { isChecksumRight, trailerBytes } from './frame.ts';
import { sealBytes } from './header-rules.ts';
import { readTrace } from './trace-context.ts';
import { defaultMaxFrameBytes, encodingOf, Flag, isAlwaysJson, isEcho, Kind, traceBytes } from './wire.ts';
import type { Frame } from './frame.ts';
import type { TraceContext } from './trace-context.ts';
import type { Compression, Encoding } from './wire.ts';

/** What was agreed for the connection on which a frame came. */
export interface OpenOptions {
  /** Algorithm that the handshake agreed on; null or missing: none, a compressed body is a protocol error. */
  readonly compression?: Compression | null;
  /** Whether the handshake agreed on checksums: then a frame without one is a protocol error, unless it is a hello or welcome (default false). */
  readonly checksum?: boolean;
  /** Most bytes that a body may inflate to (default 1 MiB). */
  readonly maxFrameBytes?: number;
  /** Encodings that the hello named (default: any). */
  readonly encodings?: readonly Encoding[];
}

/** A body with its sealing undone. */
export interface OpenedBody {
  /** Encoded value, for {@link decodeValue}: a view of the frame's body unless it was compressed. */
  readonly payload: Buffer;
  /** Encoding of the payload; always `json` for a hello, welcome or goodbye. */
  readonly encoding: Encoding;
  /** Trace context that came with it. */
  readonly trace?: TraceContext;
}

/**
 * Undoes the sealing of a body backwards: checks and removes the checksum, takes off the trace context, inflates. O(body).
 *
 * @param frame frame from a {@link FrameDecoder}
 * @param options agreement of the connection
 * @throws {CodecError} `ERR_CODEC_PROTOCOL`: wrong or missing checksum, compressed without agreement, an encoding that the hello
 * did not name; `ERR_CODEC_TOO_LARGE`: inflates beyond the limit; `ERR_CODEC_BODY`: the compressed bytes are damaged
 * @example
 * const { payload, encoding } = openBody(frame, { ...agreement, maxFrameBytes });
 * const input = decodeValue(payload, encoding);
 */
export function openBody(frame: Frame, options: OpenOptions = {}): OpenedBody {
  const { body, flags, kind } = frame;
  const { compression = null, maxFrameBytes = defaultMaxFrameBytes } = options;
  if (body.length < sealBytes(flags)) throw protocol('the body is shorter than its flags say');
  checkChecksum(frame, options.checksum ?? false);
  const isTraced = (flags & Flag.trace) !== 0;
  const sealed = body.subarray(isTraced ? traceBytes : 0, body.length - trailerBytes(flags));
  const encoding = isAlwaysJson(kind) ? 'json' : encodingOf(flags);
  if (!isAlwaysJson(kind) && !isEcho(kind) && options.encodings?.includes(encoding) === false) {
    throw protocol(`the hello did not name the encoding ${encoding}`);
  }
  const payload = flags & Flag.compressed ? inflate(sealed, compression, maxFrameBytes) : sealed;
  return isTraced ? { payload, encoding, trace: readTrace(body) } : { payload, encoding };
}

function checkChecksum(frame: Frame, isAgreed: boolean): void {
  if (frame.flags & Flag.checksum) {
    if (!isChecksumRight(frame)) throw protocol('the checksum is wrong');
  } else if (isAgreed && frame.kind !== Kind.hello && frame.kind !== Kind.welcome) {
    throw protocol('a frame lacks the checksum that was agreed on');
  }
}

function inflate(sealed: Buffer, compression: Compression | null, maxFrameBytes: number): Buffer {
  if (compression === null) throw protocol('a body is compressed though no algorithm was agreed');
  return decompress(sealed, compression, maxFrameBytes);
}

function protocol(message: string): CodecError {
  return new CodecError('ERR_CODEC_PROTOCOL', message);
}
