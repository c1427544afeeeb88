import { keySubject, type Revocations } from '@midgard/auth';
import type { Database } from '@midgard/dao';
import type { ServerLog, Timers } from '@midgard/server';
import { apiKey } from './key-store.ts';

const lookMs = 250;
/** How far behind a look begins: the clock of a command on another machine may differ, and its transaction takes a moment. */
const overlapMs = 15_000;
/** Open connections are ended at once and new ones refused by the key's row; this is for what comes between. */
const rememberedMs = 60_000;

/** What {@link followRevokedKeys} works with. */
export interface RevokedKeysParts {
  /** The service's own. */
  readonly database: Database;
  readonly revocations: Revocations;
  readonly timers: Timers;
  readonly log: Pick<ServerLog, 'warn'>;
}

/**
 * Tells of API keys that a command or another instance revokes, so that what is open with them ends: a key is looked up only when a
 * connection begins.
 *
 * @returns ends that
 */
export function followRevokedKeys({ database, revocations, timers, log }: RevokedKeysParts): () => void {
  let isLooking = false;
  let isFailing = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    const now = Date.now();
    try {
      const rows = await database.read((session) => session.dao(apiKey).find({ where: { revokedAt: { gt: new Date(now - overlapMs) } } }), {
        freshness: 'newest',
      });
      for (const { id } of rows) revocations.add({ subject: keySubject(id), sessionId: null, issuedUntil: Infinity, forgetAt: now + rememberedMs });
      isFailing = false;
    } catch (error) {
      // Once until it is over: the next look is soon.
      if (!isFailing) log.warn({ err: error }, 'revoked API keys cannot be read; open connections with them stay until they can');
      isFailing = true;
    } finally {
      isLooking = false;
    }
  };
  return timers.every(lookMs, () => void look());
}
