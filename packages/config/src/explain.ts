import type { z } from 'zod';
import { type Path, valueAt } from './path.ts';
import { showValue } from './secrets.ts';
import { closest } from './suggest.ts';

type ZodIssue = z.core.$ZodIssue;

/** What is said of a key that the schema does not have. */
export const UNKNOWN_KEY = 'unknown key';

/** A complaint of the schema in words. */
export interface Explained {
  readonly path: Path;
  readonly message: string;
  readonly hint?: string;
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  bigint: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  record: 'a map',
  array: 'a list',
  tuple: 'a list',
  null: 'an empty value',
  date: 'a date',
};

const formats: Readonly<Record<string, string>> = {
  url: 'a URL',
  email: 'an e-mail address',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  cidrv4: 'an IPv4 range',
  cidrv6: 'an IPv6 range',
  uuid: 'a UUID',
  datetime: 'a date with time (ISO 8601)',
  date: 'a date (ISO 8601)',
  time: 'a time (ISO 8601)',
  duration: 'a duration (ISO 8601)',
};

/**
 * Says in words what a schema complains about: what was expected and what was found.
 *
 * @param issue a complaint of zod; a union's becomes those of the alternative that came nearest
 * @param data what the schema looked at, for the value that was found
 * @param above the place that the issue's path counts from
 */
export function explain(issue: ZodIssue, data: unknown, above: Path = []): Explained[] {
  const path = [...above, ...issue.path.map((segment) => (typeof segment === 'number' ? segment : String(segment)))];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ path: [...path, key], message: UNKNOWN_KEY }));
  if (issue.code === 'invalid_union' && issue.errors.length > 0) return explainUnion(issue.errors, data, path);
  if (issue.code === 'invalid_key')
    return [{ path, message: `expected another name (${issue.issues.map(({ message }) => message).join(', ')}), found ${JSON.stringify(path.at(-1))}` }];
  const value = valueAt(data, path);
  const expected = ownWords(issue) ?? `expected ${expectedBy(issue)}`;
  const missing = value === undefined ? `missing: ${expected}` : `${expected}, found ${showValue(value, path)}`;
  const hint = hintFor(issue, value);
  return [hint === undefined ? { path, message: missing } : { path, message: missing, hint }];
}

/** The message that the author of the schema wrote; zod's own start with these words. */
function ownWords({ message }: ZodIssue): string | undefined {
  return /^(Invalid|Too (small|big)|Unrecognized)\b/.test(message) ? undefined : message;
}

function expectedBy(issue: ZodIssue): string {
  if (issue.code === 'invalid_type') return kinds[issue.expected] ?? issue.expected;
  if (issue.code === 'invalid_value') return oneOf(issue.values);
  if (issue.code === 'too_small') return bound(issue.origin, issue.minimum, issue.inclusive === false ? 'more than' : 'at least');
  if (issue.code === 'too_big') return bound(issue.origin, issue.maximum, issue.inclusive === false ? 'less than' : 'at most');
  if (issue.code === 'not_multiple_of') return `a multiple of ${issue.divisor}`;
  if (issue.code === 'invalid_format') return formatOf(issue);
  if (issue.code === 'invalid_union' && 'options' in issue && issue.options !== undefined) return oneOf(issue.options);
  return 'another value';
}

function formatOf(issue: z.core.$ZodIssueInvalidStringFormat): string {
  const { format, pattern } = issue;
  if (format === 'regex') return `a text that matches ${pattern ?? 'its pattern'}`;
  for (const [key, words] of [
    ['prefix', 'starts with'],
    ['suffix', 'ends with'],
    ['includes', 'contains'],
  ] as const) {
    const part = valueAt(issue, [key]);
    if (typeof part === 'string') return `a text that ${words} ${JSON.stringify(part)}`;
  }
  return formats[format] ?? `a valid ${format}`;
}

function oneOf(values: readonly unknown[]): string {
  const shown = values.map((value) => (typeof value === 'string' ? JSON.stringify(value) : String(value)));
  return shown.length === 1 ? (shown[0] ?? '') : `one of ${shown.join(', ')}`;
}

function bound(origin: string, limit: number | bigint, words: string): string {
  const unit = origin === 'string' ? ' characters' : origin === 'array' || origin === 'set' ? ' items' : '';
  return `${words} ${limit}${unit}`;
}

function hintFor(issue: ZodIssue, value: unknown): string | undefined {
  if (value === null && issue.code === 'invalid_type') return 'the key stands there without a value: give it one or remove it';
  if (issue.code !== 'invalid_value' || typeof value !== 'string') return undefined;
  const near = closest(value, issue.values.map(String));
  return near === undefined ? undefined : `did you mean ${JSON.stringify(near)}?`;
}

/** Alternatives that fail at once say what would have been right; one that fails deeper is the one that was meant. */
function explainUnion(branches: readonly (readonly ZodIssue[])[], data: unknown, path: Path): Explained[] {
  const deep = branches.filter((issues) => issues.every((issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys'));
  const [meant] = deep.toSorted((a, b) => a.length - b.length);
  if (meant !== undefined) return meant.flatMap((issue) => explain(issue, data, path));
  const value = valueAt(data, path);
  const wanted = [...new Set(branches.flatMap(([first]) => (first === undefined ? [] : [ownWords(first) ?? expectedBy(first)])))];
  const expected = `expected ${wanted.join(' or ')}`;
  return [{ path, message: value === undefined ? `missing: ${expected}` : `${expected}, found ${showValue(value, path)}` }];
}
