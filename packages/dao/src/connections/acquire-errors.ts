import { PoolError } from '@midgard/pool';
import { DaoError } from '../errors.ts';

/** What the message of a failed `acquire` names. */
export interface AcquireLimits {
  /** Name of the server, or of what else was to be had. */
  readonly name: string;
  readonly max: number;
  readonly timeoutMs: number;
}

/** @returns what a pool's refusal means to whoever wants a connection; errors of others as they are */
export function acquireError(error: unknown, { name, max, timeoutMs }: AcquireLimits): unknown {
  if (!(error instanceof PoolError)) return error;
  const cause = error.cause ?? error;
  switch (error.code) {
    case 'ERR_POOL_TIMEOUT':
      return new DaoError('ERR_DAO_UNAVAILABLE', `${name}: none of at most ${max} connections was free within ${Math.round(timeoutMs)} ms`, { cause });
    case 'ERR_POOL_CREATE':
      return new DaoError('ERR_DAO_UNAVAILABLE', `${name}: no connection could be made`, { cause });
    case 'ERR_POOL_OVERLOADED':
      return new DaoError('ERR_DAO_OVERLOADED', `${name}: too many wait for one of at most ${max} connections`, { cause });
    case 'ERR_POOL_CLOSED':
      return new DaoError('ERR_DAO_CLOSED', `${name}: the connections were closed`, { cause });
    default:
      return inputError(error);
  }
}

/** @returns the refusal of an option as one of this library; errors of others as they are */
export function inputError(error: unknown): unknown {
  return error instanceof PoolError ? new DaoError('ERR_DAO_INPUT', error.message, { cause: error }) : error;
}

/** @returns what the caller whose signal was aborted gets */
export function abortedError(signal: AbortSignal): DaoError {
  return new DaoError('ERR_DAO_TIMEOUT', 'the wait for a connection was given up: aborted', { cause: signal.reason });
}
