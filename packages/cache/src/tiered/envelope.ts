import { bufferOf } from '../buffer-of.ts';
import type { TierRecord } from '../tier/tier.ts';
import type { Codec } from './codec.ts';
import { type Entry, noTags } from './entry.ts';
import { trusted } from './trusted.ts';

/**
 * How an entry stands in the shared tier, before it is compressed; numbers are big-endian:
 *
 * | bytes | |
 * |---|---|
 * | 1 | format, 1 |
 * | 1 | 0: the codec's bytes follow; 1: the value is `undefined`; 2: it is `null` |
 * | 8 × 4 | `loadedAt`, `freshUntil`, `endsAt`, `memoryTtlMs` as doubles |
 * | 2 | how many bytes of tags |
 * | … | the tags as a JSON list; nothing where there are none |
 * | … | the value |
 */
const format = 1;
const headBytes = 36;
const kinds = { value: 0, undefined: 1, null: 2 } as const;
/** More would not fit into the field of its length. */
const maxTagBytes = 65_535;

/** @throws {RangeError} the tags take more than 65,535 bytes; and what the codec throws */
export function encodeEntry<V>({ value, loadedAt, freshUntil, endsAt, memoryTtlMs, tags }: Entry<V>, codec: Codec<V>): Uint8Array {
  const kind = value === undefined ? kinds.undefined : value === null ? kinds.null : kinds.value;
  const payload = kind === kinds.value ? codec.encode(value) : new Uint8Array(0);
  const tagBytes = tags.length === 0 ? Buffer.alloc(0) : Buffer.from(JSON.stringify(tags));
  if (tagBytes.length > maxTagBytes) throw new RangeError(`the tags of an entry take ${tagBytes.length} bytes, at most ${maxTagBytes} are possible`);
  const bytes = Buffer.allocUnsafe(headBytes + tagBytes.length + payload.byteLength);
  bytes[0] = format;
  bytes[1] = kind;
  bytes.writeDoubleBE(loadedAt, 2);
  bytes.writeDoubleBE(freshUntil, 10);
  bytes.writeDoubleBE(endsAt, 18);
  bytes.writeDoubleBE(memoryTtlMs, 26);
  bytes.writeUInt16BE(tagBytes.length, 34);
  bytes.set(tagBytes, headBytes);
  bytes.set(payload, headBytes + tagBytes.length);
  return bytes;
}

/** @throws anything: another format, cut off, or what the codec throws */
export function decodeEntry<V>({ version, bytes: raw }: TierRecord, codec: Codec<V>): Entry<V> {
  const bytes = bufferOf(raw);
  if (bytes[0] !== format) throw new RangeError(`an entry of format ${bytes[0]}; this library reads ${format}`);
  const endOfTags = headBytes + bytes.readUInt16BE(34);
  if (endOfTags > bytes.length) throw new RangeError('an entry is cut off');
  return {
    value: decodeValue(bytes[1], bytes.subarray(endOfTags), codec),
    version,
    loadedAt: Math.min(bytes.readDoubleBE(2), version),
    freshUntil: bytes.readDoubleBE(10),
    endsAt: bytes.readDoubleBE(18),
    memoryTtlMs: bytes.readDoubleBE(26),
    tags: endOfTags === headBytes ? noTags : decodeTags(bytes.subarray(headBytes, endOfTags)),
  };
}

function decodeValue<V>(kind: number | undefined, payload: Uint8Array, codec: Codec<V>): V {
  if (kind === kinds.value) return codec.decode(payload);
  return trusted(kind === kinds.undefined ? undefined : null);
}

function decodeTags(bytes: Buffer): readonly string[] {
  const tags: unknown = JSON.parse(bytes.toString());
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === 'string')) throw new RangeError('tags that are no list of texts');
  return tags;
}
