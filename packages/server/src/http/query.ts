import { invalidInput } from './invalid-input.ts';

/**
 * Parses a query string strictly: a key stands once, and its bytes are UTF-8.
 * `URLSearchParams` would keep the first of two values and replace broken bytes, so that the caller's mistake became another input.
 *
 * @param text the query without its question mark
 * @throws {MidgardError} 2001: a key twice, an escape that is not UTF-8, or the key `__proto__`
 */
export function parseQuery(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
  if (text === '') return fields;
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const key = decode(equals === -1 ? pair : pair.slice(0, equals));
    const value = equals === -1 ? '' : decode(pair.slice(equals + 1));
    if (key === '__proto__') throw invalidInput('__proto__', 'unknown field');
    if (Object.hasOwn(fields, key)) throw invalidInput(key, 'given more than once in the query');
    fields[key] = value;
  }
  return fields;
}

/**
 * Undoes percent-encoding of one path segment.
 *
 * @throws {MidgardError} 2001: an escape that is not UTF-8
 */
export function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalidInput('path', 'not valid percent-encoded UTF-8');
  }
}

function decode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw invalidInput('query', 'not valid percent-encoded UTF-8');
  }
}
