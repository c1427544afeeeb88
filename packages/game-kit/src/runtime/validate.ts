import type { z } from 'zod';
import type { Operation } from '../operation.ts';
import type { InputIssue } from '../refusals.ts';
import { invalidInput } from '../refusals.ts';

/** An input that its operation's schema has accepted. */
export type ParsedInput = Readonly<Record<string, unknown>>;

/** More would be of no use to anybody, and a hostile input may hold thousands. */
const MOST_ISSUES = 50;

/**
 * Holds a raw input against its operation's schema.
 *
 * @param raw as it came; none at all counts as an empty object
 * @throws {MidgardError} 2001 with `details.issues`
 */
export function parseInput({ input }: Operation, raw: unknown): ParsedInput {
  const { success, data, error } = input.safeParse(raw ?? {});
  if (success) return data;
  throw invalidInput(error.issues.flatMap(inputIssues).slice(0, MOST_ISSUES));
}

function inputIssues(issue: z.core.$ZodIssue): InputIssue[] {
  const path = issue.path.map(String);
  if (issue.code !== 'unrecognized_keys') return [{ path: path.join('.'), message: messageOf(issue), expected: expectedBy(issue) }];
  return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: 'unknown field', expected: 'no such field' }));
}

function messageOf(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type' && issue.input === undefined && issue.message.startsWith('Invalid') ? 'missing' : issue.message;
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
