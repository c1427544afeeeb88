import type { Redact } from './redact.ts';

/** Fields of a line: plain data without secrets, under names that are free. */
export type Fields = Readonly<Record<string, unknown>>;

/** Fields that the logger writes itself; a line's own field of such a name gets `_` behind it and cannot pose as one. */
const ownFields: ReadonlySet<string> = new Set(['level', 'stream', 'time', 'name', 'msg']);

/** Fields by which lines are found: texts in every line. */
const ids: ReadonlySet<string> = new Set(['requestId', 'traceId']);

/** Makes of what a program logs what the schema has. */
export function fieldsOf(logged: object, redact: Redact): Fields {
  const clean = redact(logged instanceof Error ? { err: logged } : logged);
  if (typeof clean !== 'object' || clean === null) return {};
  return Object.fromEntries(Object.entries(clean).flatMap(([key, value]) => fieldOf(key, value)));
}

function fieldOf(key: string, value: unknown): readonly (readonly [string, unknown])[] {
  if (value === undefined) return [];
  if (ownFields.has(key)) return [[`${key}_`, value]];
  if (key === 'err') return [[key, asError(value)]];
  if (ids.has(key) && typeof value !== 'string') return typeof value === 'number' ? [[key, String(value)]] : [[`${key}_`, value]];
  return [[key, value]];
}

/** What was thrown may be anything; `err` is always an object with type and message. */
function asError(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return { type: value === null ? 'null' : typeof value, message: String(value) };
  const isTold = 'type' in value && typeof value.type === 'string' && 'message' in value && typeof value.message === 'string';
  const hasStack = !('stack' in value) || typeof value.stack === 'string';
  return isTold && hasStack ? value : { type: 'object', message: '', thrown: value };
}
