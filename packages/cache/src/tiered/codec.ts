import { deserialize, serialize } from 'node:v8';
import { bufferOf } from '../buffer-of.ts';
import { trusted } from './trusted.ts';

/** Turns values into bytes for the shared tier, and back. */
export interface Codec<V> {
  /** @throws anything, where it cannot */
  encode(value: V): Uint8Array;
  /** @throws anything, where the bytes are not of this codec; what it gives must be of the type, so check what other programs may have written */
  decode(bytes: Uint8Array): V;
}

/**
 * Plain data as JSON: readable in Redis by any program. It knows no `bigint`, `Date`, `Map` or `undefined` members.
 *
 * @param parse checks what was read and gives it its type, as a zod schema's `parse` does; it may throw. Default: trusts what this
 *   program, in this version of its schema, has written itself
 */
export function jsonCodec<V>(parse: (value: unknown) => V = trusted): Codec<V> {
  return {
    encode(value) {
      return Buffer.from(JSON.stringify(value) ?? 'null');
    },
    decode(bytes) {
      return parse(JSON.parse(bufferOf(bytes).toString()));
    },
  };
}

/**
 * Whatever a structured clone can carry (`bigint`, `Date`, `Map`, typed arrays, `undefined`) in V8's own form, for Node programs alone.
 *
 * @param parse as for {@link jsonCodec}
 */
export function structuredCodec<V>(parse: (value: unknown) => V = trusted): Codec<V> {
  return {
    encode(value) {
      return serialize(value);
    },
    decode(bytes) {
      return parse(deserialize(bytes));
    },
  };
}
