import type { Principal } from '@midgard/auth';
import { MidgardError, toMidgardError } from '@midgard/errors';
import { limitedAs } from '../addresses/address-set.ts';
import type { HttpDependencies } from './dependencies.ts';

/**
 * Finds out who calls. Whoever guesses keys is soon told to come back later, also with a right one (OWASP API2:2023).
 *
 * @param address the caller's
 * @param look tells who it is; what it rejects with decides whether the attempt counts
 * @throws {MidgardError} 3005: too many wrong ones; what `look` rejects with
 */
export async function identify({ failureLimit }: Pick<HttpDependencies, 'failureLimit'>, address: string, look: () => Promise<Principal>): Promise<Principal> {
  const limited = limitedAs(address);
  if (failureLimit?.remaining(limited) === 0) {
    throw new MidgardError('rateLimited', 'too many wrong keys or tokens from this address', {
      details: { retryAfterMs: failureLimit.take(limited).retryAfterMs },
    });
  }
  try {
    return await look();
  } catch (error) {
    if (toMidgardError(error).errorName === 'credentialInvalid') failureLimit?.take(limited);
    throw error;
  }
}
