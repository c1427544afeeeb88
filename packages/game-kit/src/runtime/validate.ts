import type { z } from 'zod';
import type { Operation } from '../operation.ts';
import type { InputIssue } from '../refusals.ts';
import { invalidInput } from '../refusals.ts';

/** An input that its operation's schema has accepted. */
export type ParsedInput = Readonly<Record<string, unknown>>;

/** More would be of no use to anybody, and a hostile input may hold thousands. */
const MOST_ISSUES = 50;
/** An unknown field's name comes back to the caller; a megabyte of it would not help. */
const MOST_NAME_CHARACTERS = 100;

/**
 * Holds a raw input against its operation's schema.
 *
 * @param raw as it came; none at all counts as an empty object
 * @throws {MidgardError} 2001 with `details.issues`
 */
export function parseInput({ input }: Operation, raw: unknown): ParsedInput {
  const { success, data, error } = input.safeParse(raw ?? {});
  if (success) return data;
  throw invalidInput(error.issues.flatMap((issue) => inputIssues(issue, raw)).slice(0, MOST_ISSUES));
}

function inputIssues(issue: z.core.$ZodIssue, raw: unknown): InputIssue[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: pathText([...path, key]), message: 'unknown field', expected: 'no such field' }));
  return [{ path: pathText(path), message: isMissing(raw, path) ? 'missing' : issue.message, expected: expectedBy(issue) }];
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((name) => String(name).slice(0, MOST_NAME_CHARACTERS).toWellFormed()).join('.');
}

function isMissing(raw: unknown, path: readonly PropertyKey[]): boolean {
  let value = raw;
  for (const name of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return value === undefined;
}

/** What zod knows of the schema, in words; where the schema has words of its own, they are the message and the answer. */
function expectedBy(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.message.startsWith('Invalid') ? issue.expected : issue.message;
    case 'invalid_value':
      return issue.values.map(String).join(' | ');
    case 'too_small':
      return issue.message.startsWith('Too small') ? `at least ${issue.minimum}` : issue.message;
    case 'too_big':
      return issue.message.startsWith('Too big') ? `at most ${issue.maximum}` : issue.message;
    case 'invalid_format':
      return issue.message.startsWith('Invalid') ? issue.format : issue.message;
    default:
      return issue.message;
  }
}
