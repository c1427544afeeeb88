import type { ExecuteRequest, Operation } from '@midgard/game-kit';

/**
 * What can be asked of the service itself, beside the built-in operations: its health, its profiles. For callers who may go into every game
 * and have the operation's permission. Over HTTP the path of `http` begins at the root, and has no parameters.
 */
export interface ServiceOperations {
  /** Codes from 64 on; those below are the protocol's. Looked at once. */
  readonly operations: readonly Operation[];
  /** Runs one on raw input and resolves with wire-ready output; rejects with an error that `toMidgardError` knows. */
  execute(request: ExecuteRequest): Promise<unknown>;
}

/** The default: there is nothing to be asked. */
export const noServiceOperations: ServiceOperations = {
  operations: [],
  execute: () => Promise.reject(new TypeError('there is no operation')),
};
