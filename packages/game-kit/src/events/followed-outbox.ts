import { firstIdAt, type Row, type Session } from '@midgard/dao';
import { outbox } from '../entities/bookkeeping.ts';
import type { EventFeedParts } from './event-feed.ts';
import type { EventFollower, Following, GameEvent } from './game-event.ts';
import { headOf, prepareHead, publish } from './publish.ts';

/** An event of another instance is heard after this and a query. */
const pollMs = 250;
/** Of one look: what is left comes with the next, which begins at once. */
const lookRows = 500;
/** Rows that are older than this when somebody begins to listen are news to nobody, if there are very many. */
const staleMs = 30_000;
/** How far apart, in ids, a row and one that was committed after it may be: a minute. */
const commitIds = firstIdAt(Date.UTC(2025, 0, 1) + 60_000) - firstIdAt(Date.UTC(2025, 0, 1));

/** One follower's way along the outbox. */
export class FollowedOutbox {
  readonly #parts: EventFeedParts;
  readonly #follower: EventFollower;
  readonly #keep: number;
  #head = 0;
  /** Rows with a lower id are left as they are. */
  #floor = 0n;
  #isAfterHole = false;
  #isStopped = false;
  #looking: Promise<void> | undefined;
  #isNudged = false;
  #isFailing = false;
  #cancel: (() => void) | undefined;

  constructor(parts: EventFeedParts, follower: EventFollower, keep: number) {
    this.#parts = parts;
    this.#follower = follower;
    this.#keep = keep;
  }

  /** Finds the newest events, and where to begin. @throws {DaoError} the database does not answer */
  async start(): Promise<Pick<Following, 'latest' | 'head'>> {
    const { database } = this.#parts;
    await prepareHead(database);
    await database.read((session) => this.#findFloor(session), { freshness: 'newest' });
    // What happened while nobody followed is told as something that was there before, to those who come back for it.
    while ((await this.#publishPending()) === lookRows);
    const { head, rows } = await database.read(
      async (session) => ({
        head: await headOf(session),
        rows: await session.dao(outbox).find({ where: { sequence: { gt: 0n } }, orderBy: 'sequence', descending: true, limit: this.#keep }),
      }),
      { freshness: 'newest' },
    );
    this.#head = Number(head);
    return { head: this.#head, latest: withoutHole(rows.map(eventOf)) };
  }

  /** Looks for new events now. @returns when those are told of that were there before; never rejects */
  async look(): Promise<void> {
    if (this.#isStopped) return;
    this.#isNudged = true;
    await (this.#looking ??= this.#lookUntilDone());
  }

  /** Ends the following. */
  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  async #lookUntilDone(): Promise<void> {
    this.#cancel?.();
    try {
      while (this.#isNudged && !this.#isStopped) {
        this.#isNudged = false;
        const published = await this.#publishPending();
        const told = await this.#tellNew();
        if (published === lookRows || told === lookRows) this.#isNudged = true;
      }
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#parts.log.warn({ err: error }, 'events cannot be read; they are told of once they can');
      this.#isFailing = true;
    }
    this.#looking = undefined;
    if (!this.#isStopped) this.#cancel = this.#parts.timers.after(pollMs, () => void this.look());
  }

  /** @returns how many rows waited to be published */
  async #publishPending(): Promise<number> {
    const { database, clock } = this.#parts;
    // Read before, without locks: a writer that has not committed yet holds up nobody.
    const pending = await database.read(
      (session) => session.dao(outbox).find({ where: { sequence: null, id: { gte: this.#floor } }, orderBy: 'id', limit: lookRows }),
      { freshness: 'newest' },
    );
    if (pending.length === 0) return 0;
    const options = { now: new Date(clock.now()), isAfterHole: this.#isAfterHole };
    await publish(
      database,
      pending.map(({ id }) => id),
      options,
    );
    this.#isAfterHole = false;
    return pending.length;
  }

  async #tellNew(): Promise<number> {
    const rows = await this.#parts.database.read(
      (session) => session.dao(outbox).find({ where: { sequence: { gt: BigInt(this.#head) } }, orderBy: 'sequence', limit: lookRows }),
      { freshness: 'newest' },
    );
    if (rows.length === 0 || this.#isStopped) return 0;
    const events = rows.map(eventOf);
    this.#head = events.at(-1)?.sequence ?? this.#head;
    this.#follower.heard(events);
    return rows.length;
  }

  /** Where nobody listened for months there may be millions of rows: only the newest are published. */
  async #findFloor(session: Session): Promise<void> {
    const rows = session.dao(outbox);
    const newest = await rows.find({ where: { sequence: null }, orderBy: 'id', descending: true, limit: this.#keep });
    if (newest.length < this.#keep) return;
    const [published] = await rows.find({ where: { sequence: { gt: 0n } }, orderBy: 'sequence', descending: true, limit: 1 });
    // What is older than what was published was left out before, and is so again.
    const known = published === undefined ? 0n : published.id - commitIds;
    const oldest = newest.at(-1)?.id ?? 0n;
    const stale = firstIdAt(this.#parts.clock.now() - staleMs);
    this.#floor = [known, oldest < stale ? oldest : stale].reduce((one, other) => (one > other ? one : other));
    const left = await rows.find({ where: { sequence: null, id: { gte: known, lt: this.#floor } }, limit: 1 });
    this.#isAfterHole = left.length > 0;
  }
}

function eventOf({ sequence, event, payload, createdAt }: Row<typeof outbox>): GameEvent {
  return { sequence: Number(sequence), event, payload, at: createdAt.getTime() };
}

/** @param newestFirst events by their sequence, falling */
function withoutHole(newestFirst: readonly GameEvent[]): readonly GameEvent[] {
  const newest = newestFirst[0]?.sequence ?? 0;
  const hole = newestFirst.findIndex(({ sequence }, at) => sequence !== newest - at);
  return (hole === -1 ? newestFirst : newestFirst.slice(0, hole)).toReversed();
}
