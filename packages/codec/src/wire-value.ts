import { asBuffer } from './bytes.ts';
import { CodecError } from './codec-error.ts';

/** Most arrays and maps inside one another that a body may have, both ways. */
export const maxDepth = 64;

/** A key that a careless merge would take for the prototype; refused both ways. */
export const forbiddenKey = '__proto__';

/**
 * Turns a value into one that both encodings carry alike: bigint becomes decimal digits, Date ISO text, a missing key is
 * left out, a number that is not finite becomes null. Copies only the objects and arrays in which something changes.
 * O(value).
 *
 * @param value value to send
 * @param bytesAsText whether bytes become base64, for an encoding that has none
 * @throws {CodecError} `ERR_CODEC_ARGUMENT`: nested deeper than 64 (or circular), or holds what has no wire form
 */
export function toWireValue(value: unknown, bytesAsText: boolean, depth: number = 0): unknown {
  switch (typeof value) {
    case 'string':
      return value.toWellFormed();
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'boolean':
      return value;
    case 'bigint':
      return value.toString();
    case 'undefined':
      return null;
    case 'object':
      return value === null ? null : objectToWire(value, bytesAsText, depth);
    default:
      throw new CodecError('ERR_CODEC_ARGUMENT', `a ${typeof value} has no wire form`);
  }
}

function objectToWire(value: object, bytesAsText: boolean, depth: number): unknown {
  if (value instanceof Date) return dateToWire(value);
  if (value instanceof Uint8Array) return bytesAsText ? asBuffer(value).toString('base64') : value;
  if (depth === maxDepth) throw new CodecError('ERR_CODEC_ARGUMENT', `a value is nested deeper than ${maxDepth}`);
  if (Array.isArray(value)) return arrayToWire(value, bytesAsText, depth + 1);
  if ('toJSON' in value && typeof value.toJSON === 'function') return toWireValue(value.toJSON(), bytesAsText, depth + 1);
  if (!isRecord(value)) throw new CodecError('ERR_CODEC_ARGUMENT', 'a Map or Set has no wire form');
  return recordToWire(value, bytesAsText, depth + 1);
}

function isRecord(value: object): value is Readonly<Record<string, unknown>> {
  return !(value instanceof Map || value instanceof Set);
}

function dateToWire(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new CodecError('ERR_CODEC_ARGUMENT', 'an invalid date has no wire form');
  return date.toISOString();
}

function arrayToWire(items: readonly unknown[], bytesAsText: boolean, depth: number): readonly unknown[] {
  let copy: unknown[] | null = null;
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    const wire = toWireValue(item, bytesAsText, depth);
    if (copy === null && wire !== item) copy = items.slice(0, index);
    copy?.push(wire);
  }
  return copy ?? items;
}

function recordToWire(record: Readonly<Record<string, unknown>>, bytesAsText: boolean, depth: number): Readonly<Record<string, unknown>> {
  const keys = Object.keys(record);
  let copy: Record<string, unknown> | null = null;
  for (const key of keys) {
    if (key === forbiddenKey) throw new CodecError('ERR_CODEC_ARGUMENT', `the key ${forbiddenKey} has no wire form`);
    const item = record[key];
    const wire = item === undefined ? undefined : toWireValue(item, bytesAsText, depth);
    const isKept = item !== undefined && wire === item && key.isWellFormed();
    if (copy === null && !isKept) copy = Object.fromEntries(keys.slice(0, keys.indexOf(key)).map((before) => [before, record[before]]));
    if (copy !== null && item !== undefined) copy[key.toWellFormed()] = wire;
  }
  return copy ?? record;
}
