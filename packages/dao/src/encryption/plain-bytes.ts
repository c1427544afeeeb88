import type { Column, EncryptableKind } from '../column.ts';
import { fromUnits, toUnits } from '../statements/decimal.ts';

/** How a value is written to be encrypted, and read afterwards. */
interface Coding {
  /** How long it is at most; the ciphertext is as long, and everybody who reads the table sees how long. */
  readonly maxBytes: (column: Column) => number;
  readonly encode: (value: unknown, column: Column) => Uint8Array;
  readonly decode: (plain: Buffer, column: Column) => unknown;
}

/** UTF-8 takes at most so many bytes for a character, and a text at most so many in all: see `text`. */
const bytesPerCharacter = 4;
const maxTextBytes = 4000;
/** As much as the widest bytes column holds. */
const maxDocumentBytes = 16_777_216;
/** Numbers have all the same length: it would tell how great they are. */
const numberBytes = 8;

function numbers(toBigint: (value: unknown, column: Column) => bigint, fromBigint: (value: bigint, column: Column) => unknown): Coding {
  return {
    maxBytes: () => numberBytes,
    encode(value, column) {
      const bytes = Buffer.alloc(numberBytes);
      bytes.writeBigInt64BE(toBigint(value, column));
      return bytes;
    },
    decode: (plain, column) => fromBigint(plain.readBigInt64BE(), column),
  };
}

const codings: Readonly<Record<EncryptableKind, Coding>> = {
  text: {
    maxBytes: ({ traits }) => Math.min(traits.maxLength * bytesPerCharacter, maxTextBytes),
    encode: (value) => Buffer.from(String(value)),
    decode: (plain) => plain.toString(),
  },
  json: {
    maxBytes: () => maxDocumentBytes,
    encode: (value) => Buffer.from(JSON.stringify(value)),
    decode: (plain): unknown => JSON.parse(plain.toString()),
  },
  bytes: {
    maxBytes: ({ traits }) => traits.maxLength,
    encode: (value) => (value instanceof Uint8Array ? value : new Uint8Array()),
    decode: (plain) => Uint8Array.from(plain),
  },
  int: numbers((value) => BigInt(Number(value)), Number),
  int64: numbers(
    (value) => BigInt(String(value)),
    (value) => value,
  ),
  bool: numbers(
    (value) => (value === true ? 1n : 0n),
    (value) => value === 1n,
  ),
  timestamp: numbers(
    (value) => BigInt(value instanceof Date ? value.getTime() : 0),
    (value) => new Date(Number(value)),
  ),
  decimal: numbers(
    (value, { traits }) => toUnits(String(value), traits.scale),
    (value, { traits }) => fromUnits(String(value), traits.scale),
  ),
};

function codingOf({ kind }: Column): Coding {
  // `encrypted()` takes no id.
  if (kind === 'id') throw new TypeError('an id is never encrypted');
  return codings[kind];
}

/** @returns the most bytes that a value of the column has before it is encrypted */
export function maxPlainBytes(column: Column): number {
  return codingOf(column).maxBytes(column);
}

/** @returns the value as bytes: equal values give equal bytes, except documents */
export function toPlain(column: Column, value: unknown): Uint8Array {
  return codingOf(column).encode(value, column);
}

/** @returns the value that {@link toPlain} was given, as the column declares it */
export function fromPlain(column: Column, plain: Buffer): unknown {
  return codingOf(column).decode(plain, column);
}
