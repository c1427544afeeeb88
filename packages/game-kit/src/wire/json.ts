import type { JsonValue } from '@midgard/errors';
import { z } from 'zod';

const MAX_DEPTH = 16;
const MAX_BYTES = 16 * 1024;

/** An object that JSON can hold; `undefined` and `bigint` are not among its values. */
export type JsonRecord = { readonly [key: string]: JsonValue };

/**
 * Free-form attributes: at most 16 levels deep and 16 KiB as JSON, without the key `__proto__`.
 *
 * The bounds are checked before anything copies or recurses into the value.
 */
export const JsonObject = z
  .preprocess(
    (value: JsonRecord, context) => {
      const fault = faultOf(value);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
      return value;
    },
    z.record(z.string(), z.unknown()),
  )
  .transform((value, context): JsonRecord => {
    if (isJsonRecord(value)) return value;
    context.addIssue({ code: 'custom', message: 'a JSON object' });
    return z.NEVER;
  });

/** {@link JsonObject} on output. */
export const JsonObjectText = z.record(z.string(), z.unknown());

function isJsonRecord(value: unknown): value is JsonRecord {
  return isRecord(value) && faultOf(value) === undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Says what keeps a value from being stored; walks level by level, so that no depth can exhaust the stack. */
function faultOf(root: unknown): string | undefined {
  let level: unknown[] = [root];
  let bytes = 0;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return `at most ${MAX_DEPTH} levels deep`;
    const next: unknown[] = [];
    for (const value of level) {
      bytes += weigh(value, next);
      if (Number.isNaN(bytes)) return 'strings, finite numbers, booleans, null, arrays and objects only, and no key __proto__';
      if (bytes > MAX_BYTES) return `at most ${MAX_BYTES} bytes as JSON`;
    }
    level = next;
  }
  return undefined;
}

/** @returns the bytes of the value itself as JSON, NaN where it is none; what it holds is pushed onto `next` */
function weigh(value: unknown, next: unknown[]): number {
  if (typeof value === 'string') return textBytes(value);
  if (value === null || typeof value === 'boolean') return 5;
  if (typeof value === 'number') return Number.isFinite(value) ? String(value).length : NaN;
  if (Array.isArray(value)) return weighAll(value, next);
  if (!isRecord(value)) return NaN;
  const keys = Object.keys(value);
  if (keys.includes('__proto__')) return NaN;
  return keys.reduce((sum, key) => sum + textBytes(key) + 2, 0) + weighAll(Object.values(value), next);
}

function weighAll(values: readonly unknown[], next: unknown[]): number {
  // One at a time: a spread of a very long array would exhaust the stack.
  for (const value of values) next.push(value);
  return values.length + 2;
}

function textBytes(text: string): number {
  return text.isWellFormed() ? Buffer.byteLength(text) + 2 : NaN;
}
