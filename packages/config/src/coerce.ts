import { parse } from 'yaml';
import { z } from 'zod';
import { type Schema, type Shape, shapesOf } from './shape.ts';

const truths: ReadonlyMap<string, boolean> = new Map([
  ...['true', '1', 'yes', 'on'].map((word) => [word, true] as const),
  ...['false', '0', 'no', 'off'].map((word) => [word, false] as const),
]);

/**
 * Reads the text of an environment variable as the schema wants it: numbers, booleans, lists by comma, maps as YAML or
 * JSON in one line. An empty text is null where the schema takes null. Text that does not fit stays text, so that the
 * schema's own complaint names it.
 */
export function coerce(text: string, schema: Schema): unknown {
  if (text === '' && accepts(schema, null)) return null;
  const readings = shapesOf(schema).map((shape) => read(text, shape));
  // Of the alternatives of a union the first that the schema takes; else one that at least was understood.
  return readings.find((value) => accepts(schema, value)) ?? readings.find((value) => typeof value !== 'string') ?? text;
}

function accepts(schema: Schema, value: unknown): boolean {
  return z.core.safeParse(schema, value).success;
}

function read(text: string, shape: Shape): unknown {
  if (shape.kind === 'leaf') return readLeaf(text, shape.schema);
  if (shape.kind !== 'list' || text.trimStart().startsWith('[')) return readFlow(text);
  if (text.trim() === '') return [];
  const items = text.split(',').map((item) => item.trim());
  // A comma inside of a password: its halves would look like any text, and be shown.
  if (text.includes('@') && items.some(isUrl) && !items.every(isUrl)) return text;
  return items.map((item) => coerce(item, shape.element));
}

function isUrl(text: string): boolean {
  return text.includes('://');
}

function readLeaf(text: string, schema: Schema): unknown {
  const trimmed = text.trim();
  if (schema instanceof z.core.$ZodNumber) return isNumeric(trimmed) ? Number(trimmed) : text;
  if (schema instanceof z.core.$ZodBigInt) return /^[+-]?\d+$/.test(trimmed) ? BigInt(trimmed) : text;
  if (schema instanceof z.core.$ZodBoolean) return truths.get(trimmed.toLowerCase()) ?? text;
  if (schema instanceof z.core.$ZodNull) return trimmed === 'null' ? null : text;
  if (schema instanceof z.core.$ZodLiteral) return choice(trimmed, schema._zod.def.values) ?? text;
  if (schema instanceof z.core.$ZodEnum) return choice(trimmed, Object.values(schema._zod.def.entries)) ?? text;
  return text;
}

function choice(text: string, values: readonly unknown[]): unknown {
  return values.find((value) => String(value) === text);
}

function isNumeric(text: string): boolean {
  // Number() alone would take '', '0x10' and 'Infinity'.
  return /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text) && Number.isFinite(Number(text));
}

function readFlow(text: string): unknown {
  try {
    // At its default level the parser prints warnings that quote the text.
    return parse(text, { logLevel: 'error' });
  } catch {
    return text;
  }
}
