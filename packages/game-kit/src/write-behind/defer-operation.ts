import type { Operation } from '../operation.ts';
import { encodeOutput } from '../runtime/encode.ts';
import type { KeyedWrite } from '../runtime/idempotency.ts';
import type { ParsedInput } from '../runtime/validate.ts';
import { Deferral } from './deferred-change.ts';
import type { DeferredWrite } from './log-entry.ts';

/** One call of a write-behind operation, ready to be deferred. */
export interface DeferredCall {
  readonly operation: Operation;
  readonly input: ParsedInput;
  readonly prepared: unknown;
  readonly keyed: KeyedWrite | undefined;
}

/** Asks an operation what it would change and tell, and makes of it what the log gets. */
export function deferOperation({ operation, input, prepared, keyed }: DeferredCall, parts: ConstructorParameters<typeof Deferral>[0]): DeferredWrite {
  const deferral = new Deferral(parts);
  const output = encodeOutput(operation, operation.defer(deferral, input, prepared));
  const { event } = operation;
  return {
    operation: operation.name,
    keyed: keyed === undefined ? undefined : { key: keyed.key, inputHash: keyed.inputHash },
    output,
    event: event === null ? undefined : { id: parts.ids.next(), name: event },
    acceptedAt: parts.now.getTime(),
    changes: deferral.changes,
  };
}
