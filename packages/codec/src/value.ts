import { Packr } from 'msgpackr';
import { asBuffer } from './bytes.ts';
import { CodecError } from './codec-error.ts';
import { decodeJson, encodeJson } from './json.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import { toWireValue } from './wire-value.ts';
import type { Encoding } from './wire.ts';

interface ValueCodec {
  readonly encode: (value: unknown) => Buffer;
  readonly decode: (bytes: Buffer) => unknown;
}

// Plain MessagePack, smallest form: without records, which only msgpackr reads.
const packr = new Packr({ useRecords: false, variableMapSize: true });

const codecs: Readonly<Record<Encoding, ValueCodec>> = {
  msgpack: {
    encode: (value) => packr.pack(toWireValue(value, false)),
    decode: (bytes) => new MsgpackReader(bytes).read(),
  },
  json: { encode: encodeJson, decode: decodeJson },
  protobuf: {
    encode: () => {
      throw new CodecError('ERR_CODEC_ARGUMENT', 'Protocol Buffers bodies are not built yet');
    },
    decode: () => {
      throw new CodecError('ERR_CODEC_BODY', 'Protocol Buffers bodies are not built yet: send MessagePack or JSON');
    },
  },
};

/**
 * Encodes a value for a body. Both encodings say the same: bigint is sent as decimal digits, Date as ISO 8601 text in UTC with
 * milliseconds, a number that is not finite as null, and a key whose value is undefined is left out; bytes are
 * binary in MessagePack and base64 in JSON. O(value).
 *
 * @param value null, boolean, number, string, bigint, Date, Uint8Array, and arrays and objects of them, at most 64 deep
 * @param encoding encoding of the frame
 * @throws {CodecError} `ERR_CODEC_ARGUMENT`: the value has no wire form, or the encoding is `protobuf`
 * @example
 * encodeValue({ id: 42n }, 'json').toString(); // {"id":"42"}
 */
export function encodeValue(value: unknown, encoding: Encoding): Buffer {
  return codecs[encoding].encode(value);
}

/**
 * Decodes an opened body from an untrusted peer. An empty body stands for an empty map. Integers of MessagePack beyond
 * ±(2⁵³−1) become bigint. O(bytes), and allocates in proportion to them.
 *
 * @param bytes payload from {@link openBody}
 * @param encoding encoding of the frame
 * @throws {CodecError} `ERR_CODEC_BODY`: not exactly one value of the encoding, nested deeper than 64, a key `__proto__` or
 * one that is no string, invalid UTF-8, an extension type; or the encoding is `protobuf`
 */
export function decodeValue(bytes: Uint8Array, encoding: Encoding): unknown {
  if (bytes.length === 0 && encoding !== 'protobuf') return {};
  return codecs[encoding].decode(asBuffer(bytes));
}
