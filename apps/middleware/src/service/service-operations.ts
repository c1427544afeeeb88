import { type ExecuteRequest, type Operation, type ParsedInput, parseInput } from '@midgard/game-kit';
import type { ServiceOperations } from '@midgard/server';

/** Does what an operation says, from its parsed input. */
export type ServiceRun = (input: ParsedInput, request: ExecuteRequest) => Promise<unknown>;

/** Joins what the parts of the service can be asked. */
export function serviceOperations(runs: Iterable<readonly [Operation, ServiceRun]>): ServiceOperations {
  const byOperation = new Map(runs);
  return {
    operations: [...byOperation.keys()],
    execute: async (request) => {
      const run = byOperation.get(request.operation);
      if (run === undefined) throw new TypeError(`nothing runs ${request.operation.name}`);
      return run(parseInput(request.operation, request.input), request);
    },
  };
}
