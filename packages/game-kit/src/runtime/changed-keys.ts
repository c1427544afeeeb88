import { changeName, type Session } from '@midgard/dao';
import type { EntityKey, Operation } from '../operation.ts';
import type { ParsedInput } from './validate.ts';

/** A row, or all that hang on it, by entity and key. */
export interface NamedKey {
  readonly entity: string;
  readonly key: EntityKey;
}

/**
 * The rows that a write says it will change.
 *
 * @param operation the write
 * @param input what it was called with
 * @returns nothing for entities whose keys only the run can tell
 */
export function changedKeys({ changes }: Operation, input: ParsedInput): readonly NamedKey[] {
  return Object.entries(changes).flatMap(([entity, rule]) => (rule === 'unknown' ? [] : named(entity, rule(input))));
}

/**
 * The rows that a read says it looks at.
 *
 * @param operation the read
 * @param input what it was called with
 */
export function readKeys({ reads }: Operation, input: ParsedInput): readonly NamedKey[] {
  return Object.entries(reads).flatMap(([entity, rule]) => named(entity, rule(input)));
}

function named(entity: string, keys: EntityKey | readonly EntityKey[]): readonly NamedKey[] {
  return (typeof keys === 'object' ? keys : [keys]).map((key) => ({ entity, key }));
}

/** What the attempts of one write wrote, each thing once. */
export function changesOf(attempts: readonly Session[]): Session['changes'] {
  const [first] = attempts;
  if (first === undefined || attempts.length === 1) return first?.changes ?? [];
  const all = attempts.flatMap(({ changes }) => changes);
  return [...new Map(all.map((change) => [changeName(change), change])).values()];
}
