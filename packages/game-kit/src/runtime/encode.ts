import { createHash } from 'node:crypto';
import type { JsonValue } from '@midgard/errors';
import { MidgardError } from '@midgard/errors';
import type { Operation } from '../operation.ts';
import type { ParsedInput } from './validate.ts';

/**
 * Puts a handler's result through its operation's output schema: only fields of the contract leave, ids become digits,
 * times become text.
 *
 * @throws {MidgardError} 1000 where the handler broke its own contract
 */
export function encodeOutput({ name, output }: Operation, result: unknown): JsonValue {
  const { success, data, error } = output.safeParse(result);
  if (!success) throw new MidgardError('internal', '', { cause: new Error(`${name}: its handler gave what its output does not allow`, { cause: error }) });
  if (!isJson(data)) throw new MidgardError('internal', '', { cause: new Error(`${name}: its output is not JSON`) });
  return data;
}

/** Whether a value is plain JSON. */
export function isJson(value: unknown): value is JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isJson);
  return typeof value === 'object' && !(value instanceof Date) && Object.values(value).every((member) => member === undefined || isJson(member));
}

/** The SHA-256 of an input, the same however its fields are ordered and its ids are written. */
export function hashInput(input: ParsedInput): string {
  return createHash('sha256').update(canonical(input)).digest('hex');
}

function canonical(value: unknown): string {
  if (typeof value === 'bigint') return `"${value}"`;
  if (value instanceof Date) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`;
}
