import { SetupError } from '../../../setup-error.ts';
import { BenchError } from '../bench-error.ts';

const callersFault = 3000;
const rateLimited = 3005;
const noSuchGame = 2003;

/**
 * Why the service does not let a stress run begin.
 *
 * @param address of the service
 * @param error what it answered
 * @returns what to throw: the caller's to mend, or not
 */
export function refusal(address: string, { code, message }: { readonly code: number; readonly message: string }): Error {
  if (code === noSuchGame)
    return new SetupError('ERR_SETUP_ARGUMENT', `${address}: there is no such game, or the key is not for it; choose another with --game`);
  if (code >= callersFault && code !== rateLimited) {
    return new SetupError('ERR_SETUP_ARGUMENT', `${address} refuses the key: ${code} ${message}; give another with --key or MIDGARD_BENCH_KEY`);
  }
  return new BenchError('ERR_BENCH_CONNECT', `${address} answers ${code} ${message}`);
}

/** @returns what to throw where nobody answers */
export function unreachable(address: string, cause: unknown): BenchError {
  const reason = cause instanceof AggregateError ? cause.errors.map(messageOf).join(', ') : messageOf(cause);
  return new BenchError('ERR_BENCH_CONNECT', `no Midgard at ${address} (${reason}); is it running, and is the address right?`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
