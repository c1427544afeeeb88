import { availableParallelism } from 'node:os';
import type { Config } from '../config-schema.ts';
import { SetupError } from '../setup-error.ts';

/** The largest instance number: ten bits of an id. */
const maxInstance = 1023;

/**
 * How many workers there are to be.
 *
 * @throws {SetupError} `ERR_SETUP_WORKER`: there are not enough instance numbers for them
 */
export function workerCount({ workers, instance }: Pick<Config, 'workers' | 'instance'>): number {
  const count = workers === 'auto' ? availableParallelism() : workers;
  // One more, since the next one serves before the one before it ends.
  if (count > 1 && instance + count > maxInstance)
    throw new SetupError(
      'ERR_SETUP_WORKER',
      `workers: ${count} take the instance numbers ${instance} to ${instance + count}, and the largest is ${maxInstance}`,
    );
  return count;
}
