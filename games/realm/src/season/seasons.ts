import { type GameContext, invalidInput, MidgardError, notFound, type Row } from '@midgard/game-kit';
import { season, seasonScore } from './entities.ts';

interface RankingPage {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** The seasons and their rankings, as the operations of one request see them. */
export class Seasons {
  readonly #ctx: GameContext;

  constructor(ctx: GameContext) {
    this.#ctx = ctx;
  }

  /** @throws MidgardError `notFound` */
  async require(id: bigint): Promise<Row<typeof season>> {
    const row = await this.#ctx.session.dao(season).get({ id });
    if (row === undefined) throw notFound('season', id);
    return row;
  }

  /** Opens a season. @throws MidgardError `invalidInput` where it would end before it starts */
  open(name: string, startsAt: Date, endsAt: Date): Promise<Row<typeof season>> {
    if (endsAt <= startsAt) throw invalidInput([{ path: 'endsAt', message: 'a season ends after it starts', expected: 'a time after startsAt' }]);
    return this.#ctx.session.dao(season).insert({ id: this.#ctx.ids.next(), name, startsAt, endsAt });
  }

  /**
   * Adds points to a player.
   *
   * @throws MidgardError `invalidTransition` before the season starts and from its end on
   */
  async score(seasonId: bigint, playerId: bigint, points: bigint): Promise<Row<typeof seasonScore>> {
    const { startsAt, endsAt } = await this.require(seasonId);
    const { now } = this.#ctx;
    if (now < startsAt || now >= endsAt) throw new MidgardError('invalidTransition', 'the season is not running');
    const scores = this.#ctx.session.dao(seasonScore);
    const key = { seasonId, playerId };
    // One statement that inserts or adds: who looks first keeps others from inserting beside him.
    await scores.addMany([{ ...key, points }], ['points']);
    return this.#require(key);
  }

  /** A page of the ranking, best first. Counting the places above it is O(places above). */
  async ranking(seasonId: bigint, { limit, cursor }: RankingPage) {
    const scores = this.#ctx.session.dao(seasonScore);
    const { items, nextCursor } = await scores.page({ where: { seasonId }, orderBy: 'points', descending: true, limit, cursor: cursor ?? null });
    const [best] = items;
    const above = best === undefined ? 0 : await this.#above(best);
    return { items: items.map(({ playerId, points }, index) => ({ rank: above + index + 1, playerId, points })), nextCursor };
  }

  /** The place of one player. @throws MidgardError `notFound` while the player has no points */
  async place(seasonId: bigint, playerId: bigint) {
    const row = await this.#require({ seasonId, playerId });
    return { rank: (await this.#above(row)) + 1, playerId, points: row.points };
  }

  async #require(key: { readonly seasonId: bigint; readonly playerId: bigint }): Promise<Row<typeof seasonScore>> {
    const row = await this.#ctx.session.dao(seasonScore).get(key);
    if (row === undefined) throw notFound('season score', key.playerId);
    return row;
  }

  // Pages run backwards over points and then over the key, so among equals the higher player id comes first.
  async #above({ seasonId, playerId, points }: Row<typeof seasonScore>): Promise<number> {
    const scores = this.#ctx.session.dao(seasonScore);
    const better = await scores.count({ seasonId, points: { gt: points } });
    const equal = await scores.count({ seasonId, points, playerId: { gt: playerId } });
    return better + equal;
  }
}
