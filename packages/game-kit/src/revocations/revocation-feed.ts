import { clockToleranceMs, playerSubject, type Revocation, sessionName } from '@midgard/auth';
import type { Conditions, Database, Row } from '@midgard/dao';
import type { Clock } from '../clock.ts';
import type { GameLog } from '../context.ts';
import { tokenRevocation } from '../entities/credential.ts';
import type { Timers } from '../write-behind/timers.ts';

/** Hears of access tokens that are revoked; `Revocations` of @midgard/auth is one. */
export interface RevocationSink {
  /** May be told the same again. */
  add(revocation: Revocation): void;
}

/** What a {@link RevocationFeed} is made of. */
export interface RevocationFeedParts {
  /** The game's id. */
  readonly game: string;
  readonly database: Database;
  readonly sink: RevocationSink;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: GameLog;
}

/** A revocation of another instance counts here after this and a query: well within a second. */
const pollMs = 250;
/** How long after its beginning, by which it is dated, an operation may commit: the time that a database gives a transaction. */
const commitMs = 5000;
/** How far behind each look begins: an instance whose clock is slow dates its row back, and the commit comes later; and something to spare. */
const overlapMs = clockToleranceMs + 2 * commitMs;
const sweepMs = 60_000;
const sweepRows = 500;
const pageRows = 1000;

/**
 * Tells of every access token of a game that is revoked, by whichever instance: it reads what they wrote to the game's database.
 * Needs nothing else, so it holds where there is no Redis; a revocation outlives restarts.
 */
export class RevocationFeed {
  readonly #parts: RevocationFeedParts;
  #cancel: (() => void) | undefined;
  #sweptAt: number;
  #isFailing = false;
  #isStopped = false;

  constructor(parts: RevocationFeedParts) {
    this.#parts = parts;
    this.#sweptAt = parts.clock.now();
  }

  /** Tells of all that is in force, then follows. @throws {DaoError} the database does not answer: without it nobody may be let in */
  async start(): Promise<void> {
    await this.#tell({ forgetAt: { gt: new Date(this.#parts.clock.now()) } });
    this.#schedule();
  }

  /** Ends the following. */
  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  /** Tells of what was committed before the call. Never throws: what fails is told by one of the next looks. */
  async look(): Promise<void> {
    try {
      await this.#tell({ revokedAt: { gt: new Date(this.#parts.clock.now() - overlapMs) } });
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#parts.log.warn({ err: error }, 'revoked tokens cannot be read; those known so far are refused');
      this.#isFailing = true;
    }
  }

  /** The next look begins when the last has ended, however long it took. */
  #schedule(): void {
    if (this.#isStopped) return;
    this.#cancel = this.#parts.timers.after(pollMs, () => {
      void this.look()
        .then(() => this.#sweepIfDue())
        .then(() => this.#schedule());
    });
  }

  /** From the primary: a replica may be behind. */
  async #tell(where: Conditions<typeof tokenRevocation>): Promise<void> {
    const { database, sink } = this.#parts;
    let cursor: string | null = null;
    do {
      const page = await database.read((session) => session.dao(tokenRevocation).page({ where, limit: pageRows, cursor }), { freshness: 'newest' });
      for (const row of page.items) sink.add(this.#revocationOf(row));
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  #revocationOf({ playerId, familyId, revokedAt, forgetAt }: Row<typeof tokenRevocation>): Revocation {
    const { game } = this.#parts;
    return {
      subject: playerSubject(game, playerId),
      sessionId: familyId === null ? null : sessionName(game, String(familyId)),
      // What was issued before the commit may be dated after the row: by a log-in that was waited for, or a clock that is fast.
      issuedUntil: familyId === null ? revokedAt.getTime() + commitMs + clockToleranceMs : Infinity,
      forgetAt: forgetAt.getTime(),
    };
  }

  /** Each instance does it, a few rows at a time: whoever comes second finds none. */
  async #sweepIfDue(): Promise<void> {
    const { database, clock, log } = this.#parts;
    const now = clock.now();
    if (now - this.#sweptAt < sweepMs) return;
    this.#sweptAt = now;
    try {
      await database.transaction(async (session) => {
        const rows = session.dao(tokenRevocation);
        for (const { id } of await rows.find({ where: { forgetAt: { lt: new Date(now) } }, limit: sweepRows })) await rows.delete(id);
      });
    } catch (error) {
      log.debug({ err: error }, 'old revocations could not be removed; the next try comes in a minute');
    }
  }
}
