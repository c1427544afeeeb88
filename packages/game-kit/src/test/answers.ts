import { MidgardError } from '@midgard/errors';
import { z } from 'zod';

const Answer = z.record(z.string(), z.json());

/** An answer whose fields a test looks at. */
export type Answer = z.output<typeof Answer>;

/** @returns the answer's fields; throws where it is no object */
export async function fieldsOf(work: Promise<unknown>): Promise<Answer> {
  return Answer.parse(await work);
}

/** @returns the answer's id */
export async function idOf(work: Promise<unknown>): Promise<string> {
  return z.string().parse((await fieldsOf(work))['id']);
}

/** @returns the code that a call was refused with, 0 where it was not refused */
export async function codeOf(work: Promise<unknown>): Promise<number> {
  try {
    await work;
    return 0;
  } catch (error) {
    if (MidgardError.is(error)) return error.code;
    throw error;
  }
}

/** @returns the paths of `details.issues` that a call was refused with */
export async function issuePaths(work: Promise<unknown>): Promise<string[]> {
  try {
    await work;
    return [];
  } catch (error) {
    if (!MidgardError.is(error, 'invalidInput')) throw error;
    return z
      .object({ issues: z.array(z.object({ path: z.string(), message: z.string().min(1), expected: z.string().min(1) })) })
      .parse(error.details)
      .issues.map(({ path }) => path);
  }
}

let used = 0;

/** @returns a field with an idempotency key that no other call has */
export function freshKey(): { idempotencyKey: string } {
  return { idempotencyKey: `test-key-${++used}` };
}
