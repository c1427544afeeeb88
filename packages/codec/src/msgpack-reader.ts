import { isUtf8 } from 'node:buffer';
import { CodecError } from './codec-error.ts';
import { forbiddenKey, maxDepth } from './wire-value.ts';

const maxSafe = BigInt(Number.MAX_SAFE_INTEGER);
/** Below this, appending characters beats the call into native code. */
const shortStringBytes = 12;
/** Keys repeat from body to body: this many are kept, each in the slot that its bytes hash to. */
const keySlots = 4096;
const longestKeptKeyBytes = 24;
const keptKeys: string[] = Array.from({ length: keySlots }, () => '');

/**
 * Reads one MessagePack value out of bytes that nobody vouches for.
 *
 * Not msgpackr's reader: that one knows records, references and other extensions that a peer could call upon, recurses
 * without a bound and repairs broken UTF-8. A scan that rules this out, followed by it, was slower than this reader alone.
 *
 * What it refuses: extension types, keys that are not strings, the key `__proto__`, more than 64 levels, invalid UTF-8, NaN
 * and infinities.
 * It builds a collection item by item and never to the length that it claims, so it allocates in proportion to its input.
 *
 * @see https://github.com/msgpack/msgpack/blob/master/spec.md
 */
export class MsgpackReader {
  readonly #bytes: Buffer;
  #offset = 0;

  /** @param bytes exactly one value */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /**
   * Reads the value.
   *
   * @throws {CodecError} `ERR_CODEC_BODY`: the bytes are not exactly one acceptable value
   */
  read(): unknown {
    const value = this.#value(maxDepth);
    if (this.#offset !== this.#bytes.length) throw body('bytes follow the value');
    return value;
  }

  /** @param levels how many arrays and maps may still be opened inside one another */
  #value(levels: number): unknown {
    const token = this.#byte();
    if (token < 0x80) return token;
    if (token < 0x90) return this.#map(token & 0x0f, levels);
    if (token < 0xa0) return this.#array(token & 0x0f, levels);
    if (token < 0xc0) return this.#string(token & 0x1f);
    if (token >= 0xe0) return token - 0x100;
    return this.#tagged(token, levels);
  }

  /** The formats that a whole byte names; a table of functions would cost a call for each number. */
  #tagged(token: number, levels: number): unknown {
    switch (token) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#binary(this.#length(token - 0xc4));
      case 0xca:
        return finite(this.#bytes.readFloatBE(this.#take(4)));
      case 0xcb:
        return finite(this.#bytes.readDoubleBE(this.#take(8)));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#length(token - 0xcc);
      case 0xcf:
        return narrow(this.#bytes.readBigUInt64BE(this.#take(8)));
      case 0xd0:
        return this.#bytes.readInt8(this.#take(1));
      case 0xd1:
        return this.#bytes.readInt16BE(this.#take(2));
      case 0xd2:
        return this.#bytes.readInt32BE(this.#take(4));
      case 0xd3:
        return narrow(this.#bytes.readBigInt64BE(this.#take(8)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#string(this.#length(token - 0xd9));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#length(token - 0xdb), levels);
      case 0xde:
      case 0xdf:
        return this.#map(this.#length(token - 0xdd), levels);
      default:
        throw body(token === 0xc1 ? 'a byte names no format' : 'extension types are refused');
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#offset];
    if (byte === undefined) throw body('the body ends inside a value');
    this.#offset++;
    return byte;
  }

  /** Steps over bytes that must be there, and tells where they begin. */
  #take(bytes: number): number {
    const start = this.#offset;
    if (bytes > this.#bytes.length - start) throw body('the body ends inside a value');
    this.#offset = start + bytes;
    return start;
  }

  /** Unsigned number of 1, 2 or 4 bytes. */
  #length(log2Bytes: number): number {
    if (log2Bytes === 0) return this.#byte();
    if (log2Bytes === 1) return this.#bytes.readUInt16BE(this.#take(2));
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  #binary(bytes: number): Buffer {
    const start = this.#take(bytes);
    // A copy: a few bytes in a cache must not keep a whole chunk of the stream alive.
    return Buffer.from(this.#bytes.subarray(start, start + bytes));
  }

  #string(bytes: number): string {
    const start = this.#take(bytes);
    const end = start + bytes;
    const ascii = this.#asciiEnd(start, end);
    if (ascii === end) return bytes < shortStringBytes ? this.#shortAscii(start, end) : this.#bytes.toString('latin1', start, end);
    if (!isUtf8(this.#bytes.subarray(ascii, end))) throw body('a string is not UTF-8');
    return this.#bytes.toString('utf8', start, end);
  }

  #asciiEnd(start: number, end: number): number {
    let at = start;
    while (at < end && (this.#bytes[at] ?? 0) < 0x80) at++;
    return at;
  }

  #shortAscii(start: number, end: number): string {
    let text = '';
    for (let at = start; at < end; at++) text += String.fromCharCode(this.#bytes[at] ?? 0);
    return text;
  }

  #array(length: number, levels: number): unknown[] {
    this.#checkLevels(levels);
    const items: unknown[] = [];
    for (let index = 0; index < length; index++) items.push(this.#value(levels - 1));
    return items;
  }

  #map(length: number, levels: number): Record<string, unknown> {
    this.#checkLevels(levels);
    const record: Record<string, unknown> = {};
    for (let index = 0; index < length; index++) {
      const key = this.#key();
      if (key === forbiddenKey) throw body(`the key ${forbiddenKey} is refused`);
      record[key] = this.#value(levels - 1);
    }
    return record;
  }

  #checkLevels(levels: number): void {
    if (levels === 0) throw body(`the body is nested deeper than ${maxDepth}`);
  }

  #key(): string {
    const token = this.#byte();
    if (token >= 0xa0 && token < 0xc0) return this.#keptKey(token & 0x1f);
    if (token >= 0xd9 && token <= 0xdb) return this.#string(this.#length(token - 0xd9));
    throw body('a key is not a string');
  }

  /** A key that was seen before is the same string again: no new one is made. */
  #keptKey(bytes: number): string {
    const start = this.#offset;
    if (bytes > longestKeptKeyBytes || start + bytes > this.#bytes.length) return this.#string(bytes);
    let hash = bytes;
    for (let at = start; at < start + bytes; at++) hash = (hash * 31 + (this.#bytes[at] ?? 0)) & (keySlots - 1);
    const kept = keptKeys[hash] ?? '';
    if (kept.length === bytes && this.#isAt(start, kept)) {
      this.#offset = start + bytes;
      return kept;
    }
    const key = this.#string(bytes);
    // As many characters as bytes: ASCII, so that one character stands for one byte above.
    if (key.length === bytes) keptKeys[hash] = key;
    return key;
  }

  #isAt(start: number, ascii: string): boolean {
    for (let index = 0; index < ascii.length; index++) {
      if (ascii.charCodeAt(index) !== this.#bytes[start + index]) return false;
    }
    return true;
  }
}

function narrow(value: bigint): number | bigint {
  return value >= -maxSafe && value <= maxSafe ? Number(value) : value;
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw body('a number is not finite');
  return value;
}

function body(message: string): CodecError {
  return new CodecError('ERR_CODEC_BODY', message);
}
