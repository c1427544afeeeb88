import type { Row } from '@midgard/dao';
import type { Work } from '../context.ts';
import { item, itemEntry } from '../entities/item.ts';
import type { JsonRecord } from '../wire/json.ts';
import type { Book, Posting } from './ledger.ts';
import { HOUSE, move, requireGiven, sideOf } from './ledger.ts';

/** A stack of items as the database holds it. */
export type ItemRow = Row<typeof item>;

/** The players' items, within one transaction or snapshot. Every change is a movement of the items' ledger. */
export class Items {
  readonly #work: Work;
  readonly #book: Book<ItemRow>;

  /** @param work the transaction or snapshot */
  constructor(work: Work) {
    this.#work = work;
    this.#book = itemBook(work);
  }

  /** @returns how many the player has, 0n where none */
  async quantity(playerId: bigint, itemType: string): Promise<bigint> {
    return (await this.#work.rows(item, { playerId, itemType }))?.quantity ?? 0n;
  }

  /**
   * Gives a player items out of nothing.
   *
   * @param quantity at least 1n
   * @param reason kept in the ledger
   * @param attributes take the place of the stack's when given
   * @throws {MidgardError} 2001 where the stack would exceed 2^63−1
   */
  async grant(playerId: bigint, itemType: string, quantity: bigint, reason: string, attributes?: JsonRecord): Promise<ItemRow> {
    const moved = await move(this.#book, { from: HOUSE, to: playerId, asset: itemType, amount: quantity, reason });
    const { account } = sideOf(moved, playerId);
    return attributes === undefined ? account : this.#work.session.dao(item).update({ playerId, itemType }, { attributes });
  }

  /**
   * Takes items from a player for good.
   *
   * @param quantity at least 1n
   * @throws {MidgardError} 2007 where the player has fewer
   */
  async consume(playerId: bigint, itemType: string, quantity: bigint, reason: string): Promise<ItemRow> {
    return sideOf(await move(this.#book, { from: playerId, to: HOUSE, asset: itemType, amount: quantity, reason }), playerId).account;
  }

  /**
   * Moves items between two different players. Attributes stay with the giver's stack.
   *
   * @param quantity at least 1n
   * @throws {MidgardError} 2007 where the giver has fewer; 2001 where the taker would have more than 2^63−1
   */
  async transfer(fromId: bigint, toId: bigint, itemType: string, quantity: bigint, reason: string): Promise<{ from: ItemRow; to: ItemRow }> {
    const moved = await move(this.#book, { from: fromId, to: toId, asset: itemType, amount: quantity, reason });
    return { from: sideOf(moved, fromId).account, to: sideOf(moved, toId).account };
  }
}

function itemBook({ session, ids }: Work): Book<ItemRow> {
  return {
    field: 'quantity',
    balanceOf: ({ quantity }) => quantity,
    take: (playerId, itemType, amount) => session.dao(item).increment({ playerId, itemType }, { quantity: -amount }, { min: 0n }),
    give: async (playerId, itemType, amount) => {
      await session.dao(item).addMany([{ id: ids.next(), playerId, itemType, quantity: amount, attributes: {} }], ['quantity']);
      return requireGiven(await session.dao(item).get({ playerId, itemType }));
    },
    record: async (postings: readonly Posting[], reason) => {
      const movementId = ids.next();
      const rows = postings.map(({ asset, ...posting }) => ({ id: ids.next(), movementId, itemType: asset, reason, ...posting }));
      await session.dao(itemEntry).insertMany(rows);
      return rows.map(({ id }) => id);
    },
  };
}
