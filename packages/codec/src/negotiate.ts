import { shapeError } from './shape.ts';
import type { Hello } from './handshake.ts';
import type { Compression, Encoding } from './wire.ts';

/** What a server is able and willing to do. */
export interface Capabilities {
  /** Encodings that it decodes (default MessagePack and JSON); `protobuf` is ignored until it is built. */
  readonly encodings?: readonly Encoding[];
  /** Algorithms that it grants (default zstd and deflate). */
  readonly compression?: readonly Compression[];
  /** Whether it grants checksums to a client that asks for them (default true). */
  readonly checksum?: boolean;
}

/** What holds on a connection from the welcome on; fits {@link OpenOptions} and {@link Sealing}. */
export interface Agreement {
  /** Encoding of the connection: of pushes and of every error frame. */
  readonly encoding: Encoding;
  /** Encodings that the hello named; a body in another is a protocol error. */
  readonly encodings: readonly Encoding[];
  readonly compression: Compression | null;
  readonly checksum: boolean;
}

/**
 * Settles what a connection uses: the first of the client's encodings and algorithms that the server has.
 *
 * @param hello parsed hello
 * @param capabilities what the server is able to do
 * @throws {CodecError} `ERR_CODEC_BODY` with path `encodings`: the two have no encoding in common
 * @example
 * const { encoding, compression, checksum } = negotiate(parseHello(payload));
 */
export function negotiate(hello: Hello, capabilities: Capabilities = {}): Agreement {
  const { encodings = ['msgpack', 'json'], compression = ['zstd', 'deflate'], checksum = true } = capabilities;
  const encoding = hello.encodings.find((name) => name !== 'protobuf' && encodings.includes(name));
  if (encoding === undefined) throw shapeError('encodings', `a list with one of ${encodings.join(', ')}`);
  return {
    encoding,
    encodings: hello.encodings,
    compression: hello.compression.find((name) => compression.includes(name)) ?? null,
    checksum: hello.checksum && checksum,
  };
}
