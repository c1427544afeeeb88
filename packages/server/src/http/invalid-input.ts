import { MidgardError } from '@midgard/errors';

/** One fault of an input, as `details.issues` of error 2001 lists it. */
export interface InputIssue {
  /** The field (`name`, `items.0.quantity`), or `header.<name>`, `body`, `query`, `path` where no field is meant. */
  readonly path: string;
  readonly message: string;
  readonly expected?: string;
}

/**
 * Makes error 2001 for something that HTTP alone can get wrong (a header, the query's syntax, the body's bytes).
 * Faults of fields are found by the operation's own schema, which reports them in the same form.
 *
 * @param path where the fault is
 * @param message what is wrong, for people
 * @param expected what would have been right
 */
export function invalidInput(path: string, message: string, expected?: string): MidgardError {
  const issue: InputIssue = expected === undefined ? { path, message } : { path, message, expected };
  return new MidgardError('invalidInput', `${path}: ${message}`, { details: { issues: [{ ...issue }] } });
}
