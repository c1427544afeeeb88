import type { EntityKey, Operation } from '../operation.ts';
import type { ParsedInput } from './validate.ts';

/**
 * The rows that a write says it will change.
 *
 * @param operation the write
 * @param input what it was called with
 * @returns nothing for entities whose keys only the run can tell
 */
export function changedKeys({ changes }: Operation, input: ParsedInput): readonly { readonly entity: string; readonly key: EntityKey }[] {
  return Object.entries(changes).flatMap(([entity, rule]) => {
    if (rule === 'unknown') return [];
    const keys = rule(input);
    return (typeof keys === 'object' ? keys : [keys]).map((key) => ({ entity, key }));
  });
}
