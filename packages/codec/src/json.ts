import { isUtf8 } from 'node:buffer';
import { CodecError } from './codec-error.ts';
import { forbiddenKey, maxDepth, toWireValue } from './wire-value.ts';

const quote = 0x22;
const backslash = 0x5c;
/** Bits by which `[` and `{`, or `]` and `}`, differ. */
const caseBit = 0x20;
const open = 0x5b;
const close = 0x5d;

/** Encodes a value as JSON text in UTF-8. */
export function encodeJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(toWireValue(value, true)), 'utf8');
}

/**
 * Decodes JSON text in UTF-8.
 *
 * @throws {CodecError} `ERR_CODEC_BODY`: not UTF-8, not JSON, nested deeper than 64, a key `__proto__`, or half a surrogate pair
 */
export function decodeJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new CodecError('ERR_CODEC_BODY', 'the body is not UTF-8');
  if (isTooDeep(bytes)) throw new CodecError('ERR_CODEC_BODY', `the body is nested deeper than ${maxDepth}`);
  const text = bytes.toString('utf8');
  const value = parse(text);
  // Only text with an escape can hide the key or half a surrogate pair, and few bodies have one.
  if (text.includes('\\u') || text.includes(forbiddenKey)) checkStrings(value);
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CodecError('ERR_CODEC_BODY', 'the body is not JSON', { cause });
  }
}

/**
 * Counts brackets outside of strings, before anything is built: JSON.parse itself takes any depth, and whoever walks its
 * result by recursion would overflow the stack.
 */
function isTooDeep(bytes: Buffer): boolean {
  // Too short to open and close so many.
  if (bytes.length <= 2 * maxDepth) return false;
  let depth = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) at = endOfString(bytes, at + 1);
    else if ((byte & ~caseBit) === open) {
      depth++;
      if (depth > maxDepth) return true;
    } else if ((byte & ~caseBit) === close) depth--;
  }
  return false;
}

/** Offset of the quote that closes the string whose text begins at `start`. */
function endOfString(bytes: Buffer, start: number): number {
  let at = start;
  for (let byte = bytes[at]; byte !== quote && byte !== undefined; byte = bytes[at]) at += byte === backslash ? 2 : 1;
  return at;
}

function checkStrings(value: unknown): void {
  if (typeof value === 'string') checkWellFormed(value);
  else if (Array.isArray(value)) value.forEach(checkStrings);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      if (key === forbiddenKey) throw new CodecError('ERR_CODEC_BODY', `the key ${forbiddenKey} is refused`);
      checkWellFormed(key);
      checkStrings(item);
    }
  }
}

function checkWellFormed(text: string): void {
  if (!text.isWellFormed()) throw new CodecError('ERR_CODEC_BODY', 'a string holds half a surrogate pair');
}
