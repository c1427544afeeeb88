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
 * Tells of API keys that a command or another instance revokes, and of replaced ones whose overlap is over, so that what is open with them
 * ends: a key is looked up only when a connection begins.
 *
 * @returns ends that
 */
export function followRevokedKeys({ database, revocations, timers, log }: RevokedKeysParts): () => void {
  let isLooking = false;
  let isFailing = false;
  // What came while the database could not be asked is caught up with.
  let seenUntil = Date.now();
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    const now = Date.now();
    try {
      const since = new Date(Math.min(now, seenUntil) - overlapMs);
      const ended = await database.read(
        async (session) => {
          const keys = session.dao(apiKey);
          const revoked = await keys.find({ where: { revokedAt: { gt: since } } });
          // Where nothing has replaced it, whoever opened a connection with it knows its end, and requests are refused from then on.
          return [...revoked, ...(await keys.find({ where: { expiresAt: { gt: since, lte: new Date(now) }, replacedBy: { ne: null } } }))];
        },
        { freshness: 'newest' },
      );
      seenUntil = now;
      for (const { id } of ended) revocations.add({ subject: keySubject(id), sessionId: null, issuedUntil: Infinity, forgetAt: now + rememberedMs });
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
