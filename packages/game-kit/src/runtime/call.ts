import type { Principal } from '@midgard/auth';
import type { Operation } from '../operation.ts';
import type { CallOrigin, ExecuteRequest } from './runtime-options.ts';
import type { ParsedInput } from './validate.ts';

/** A call of an operation whose input is known to be right. */
export interface Call {
  readonly operation: Operation;
  readonly input: ParsedInput;
  readonly caller: Principal | null;
  readonly origin: CallOrigin | undefined;
  readonly signal: AbortSignal | undefined;
  readonly held?: ExecuteRequest['held'];
  readonly now: Date;
}
