import { ConfigError, describe } from '@midgard/config';
import { DaoError } from '@midgard/dao';
import { toMidgardError } from '@midgard/errors';
import { databaseTrouble } from '../database/database-trouble.ts';
import { SetupError } from '../setup-error.ts';
import { BenchError } from './bench/bench-error.ts';

/**
 * Tells a person why a command failed, without a stack.
 *
 * @returns the text and the exit code: 2 for what was asked for wrongly, 1 for what went wrong
 */
export function explainFailure(error: unknown): { readonly message: string; readonly exitCode: number } {
  if (error instanceof ConfigError) return { message: describe(error), exitCode: 2 };
  if (error instanceof SetupError) {
    // Workers that cannot be kept alive were not asked for wrongly.
    const exitCode = error.code === 'ERR_SETUP_WORKER_DIED' ? 1 : 2;
    return { message: `midgard: ${error.message}${error.cause === undefined ? '' : reason(error)}`, exitCode };
  }
  if (error instanceof BenchError) return { message: `midgard: ${error.message}`, exitCode: 1 };
  if (isAddressInUse(error)) return { message: `midgard: port ${error.port} is taken; stop what listens there or set another port`, exitCode: 1 };
  if (error instanceof DaoError)
    return { message: `midgard: ${databaseTrouble(error).reason}; midgard doctor shows which database, and what to do`, exitCode: 1 };
  return { message: `midgard: ${toMidgardError(error).message}${reason(error)}`, exitCode: 1 };
}

function reason(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error && cause.message !== '' ? ` (${cause.message})` : '';
}

function isAddressInUse(error: unknown): error is Error & { port: number } {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE' && 'port' in error;
}
