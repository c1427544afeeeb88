import type { JsonValue } from '@midgard/errors';
import type { NamedKey } from '../runtime/changed-keys.ts';
import { type KeyedWrite, requireSame } from '../runtime/idempotency.ts';
import { orTimeout } from '../runtime/or-timeout.ts';
import type { WriteBehind } from './write-behind.ts';

/**
 * Waits until acknowledged writes of these keys are made, so that what follows sees them.
 *
 * @param writeBehind undefined where nothing is written behind
 * @param signal the caller's patience; undefined where others wait for the same
 * @throws {MidgardError} 1004 where that is over
 */
export async function settleKeys(writeBehind: WriteBehind | undefined, keys: readonly NamedKey[], signal: AbortSignal | undefined): Promise<void> {
  for (const { entity, key } of keys) {
    const settled = writeBehind?.settle(entity, String(key));
    if (settled !== undefined) await (signal === undefined ? settled : orTimeout(settled, signal));
  }
}

/**
 * The answer of a write that was acknowledged under this key and still waits for the database.
 *
 * @throws {MidgardError} 2009 where the key was used for another write
 */
export function pendingAnswer(writeBehind: WriteBehind | undefined, keyed: KeyedWrite): JsonValue | undefined {
  const first = writeBehind?.byKey(keyed.key);
  if (first?.keyed === undefined) return undefined;
  requireSame(keyed, { operation: first.operation, inputHash: first.keyed.inputHash });
  return first.output;
}
