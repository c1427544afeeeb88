/** Wire values of protocol.md that more than one file needs. */

/** Kinds of frames, by their number on the wire. */
export const Kind = {
  request: 0,
  response: 1,
  error: 2,
  push: 3,
  ping: 4,
  pong: 5,
  hello: 6,
  welcome: 7,
  goodbye: 8,
} as const;

/** Number of a {@link Kind} on the wire. */
export type KindCode = (typeof Kind)[keyof typeof Kind];

/** Flag bits of a frame; the encoding stands in bits 4–5, see {@link flagsOf}. */
export const Flag = { compressed: 1, checksum: 2, trace: 4 } as const;

/** Encodings of a body; `protobuf` has its number but is not built yet. */
export type Encoding = 'msgpack' | 'json' | 'protobuf';

/** Algorithms that a handshake can agree on: `zstd` is RFC 8878, `deflate` is RFC 1950 (zlib-wrapped). */
export type Compression = 'zstd' | 'deflate';

/** Default limit of a frame in bytes, its length field included: 1 MiB. */
export const defaultMaxFrameBytes = 1_048_576;

/** The version that stands in each frame. */
export const protocolVersion = 1;
/** Length field and header together. */
export const headerBytes = 16;
/** What `length` counts besides the body: the header without the length field itself. */
export const headerBytesInLength = 12;
/** A checksum at the end of a frame. */
export const checksumBytes = 4;
/** Of normal 0, high 1 and low 2: the greatest number that a request may have. */
export const highestPriority = 2;
export const traceBytes = 25;
export const maxPingBytes = 125;
/** Bits 3, 6 and 7. */
export const reservedFlags = 0b1100_1000;

const encodings = ['msgpack', 'json', 'protobuf'] as const satisfies readonly Encoding[];
const encodingShift = 4;

/** Whether bits 4–5 hold the one value that no encoding has. */
export function hasReservedEncoding(flags: number): boolean {
  return (flags & 0x30) === 0x30;
}

/**
 * Encoding that bits 4–5 of a frame's flags name. Total on the flags that {@link FrameDecoder} lets through; the reserved
 * value reads as `protobuf`, which no body decodes as.
 *
 * @param flags flags byte of a frame
 */
export function encodingOf(flags: number): Encoding {
  return encodings[(flags >> encodingShift) & 0b11] ?? 'protobuf';
}

/**
 * Flag bits of an encoding, to be or-ed with {@link Flag}.
 *
 * @param encoding encoding of the body
 * @returns 0x00, 0x10 or 0x20
 */
export function flagsOf(encoding: Encoding): number {
  return encodings.indexOf(encoding) << encodingShift;
}

/** Narrows a number to a kind of this protocol version. */
export function isKindCode(value: number): value is KindCode {
  return value >= Kind.request && value <= Kind.goodbye;
}

/** Whether the kind's body is JSON whatever its encoding bits say. */
export function isAlwaysJson(kind: KindCode): boolean {
  return kind === Kind.hello || kind === Kind.welcome || kind === Kind.goodbye;
}

/** Whether the kind is a ping or a pong, whose payload is short and has no encoding. */
export function isEcho(kind: KindCode): boolean {
  return kind === Kind.ping || kind === Kind.pong;
}
