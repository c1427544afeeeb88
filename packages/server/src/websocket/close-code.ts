import type { MidgardError } from '@midgard/errors';

/** Close codes of RFC 6455 §7.4.1 that say the same as ours. */
const goingAway = 1001;
const tooBig = 1009;
/** Below this our codes are the transport's, from 3000 on the caller's; both stand in the private range, 4000–4999. */
const firstOfCallers = 3000;

/**
 * The close code of an error: 1001 for 1008 (shutting down), 1009 for 1009 (too large), else 40xx for 10xx and 43xx for 30xx: 4007 is a slow
 * consumer, 4303 a revoked key.
 */
export function closeCodeOf({ errorName, code }: MidgardError): number {
  if (errorName === 'shuttingDown') return goingAway;
  if (errorName === 'tooLarge') return tooBig;
  return code >= firstOfCallers ? 4300 + (code % 1000) : 4000 + (code % 1000);
}
