import type { Row } from '@midgard/dao';
import type { Source, Work } from '../context.ts';
import { wallet, walletEntry } from '../entities/wallet.ts';
import type { Book, Moved, Posting } from './ledger.ts';
import { HOUSE, move, requireGiven, sideOf } from './ledger.ts';

type WalletRow = Row<typeof wallet>;

/** A player's balance after a movement, and the entry that wrote it down. */
export interface Posted {
  readonly entryId: bigint;
  readonly playerId: bigint;
  readonly currency: string;
  /** What was moved, as it was asked for: never negative. */
  readonly amount: bigint;
  readonly balance: bigint;
}

const walletsByPlayer: Source<bigint, readonly WalletRow[]> = {
  load: async (session, playerIds) => {
    const rows = await session.dao(wallet).find({ where: { playerId: { in: playerIds } } });
    const byPlayer = Map.groupBy(rows, ({ playerId }) => playerId);
    return playerIds.map((playerId) => byPlayer.get(playerId) ?? []);
  },
};

/** The players' money, within one transaction or snapshot. Every change is a movement of the money's ledger. */
export class Wallets {
  readonly #work: Work;
  readonly #book: Book<WalletRow>;

  /** @param work the transaction or snapshot */
  constructor(work: Work) {
    this.#work = work;
    this.#book = walletBook(work);
  }

  /** @returns the balance, 0n where the player never had any */
  async balance(playerId: bigint, currency: string): Promise<bigint> {
    return (await this.#work.rows(wallet, { playerId, currency }))?.balance ?? 0n;
  }

  /** @returns every currency that the player ever had, by name */
  async balances(playerId: bigint): Promise<Record<string, bigint>> {
    const rows = await this.#work.gather(walletsByPlayer, playerId);
    return Object.fromEntries(rows.map(({ currency, balance }) => [currency, balance]));
  }

  /**
   * Pays a player out of nothing.
   *
   * @param amount at least 1n
   * @param reason kept in the ledger
   * @throws {MidgardError} 2001 where the balance would exceed 2^63−1
   */
  async credit(playerId: bigint, currency: string, amount: bigint, reason: string): Promise<Posted> {
    return posted(sideOf(await move(this.#book, { from: HOUSE, to: playerId, asset: currency, amount, reason }), playerId), amount);
  }

  /**
   * Takes money from a player for good.
   *
   * @param amount at least 1n
   * @throws {MidgardError} 2007 where the balance is too low
   */
  async debit(playerId: bigint, currency: string, amount: bigint, reason: string): Promise<Posted> {
    return posted(sideOf(await move(this.#book, { from: playerId, to: HOUSE, asset: currency, amount, reason }), playerId), amount);
  }

  /**
   * Moves money between two different players.
   *
   * @param amount at least 1n
   * @throws {MidgardError} 2007 where the payer has too little; 2001 where the payee would have more than 2^63−1
   */
  async transfer(fromId: bigint, toId: bigint, currency: string, amount: bigint, reason: string): Promise<{ from: Posted; to: Posted }> {
    const moved = await move(this.#book, { from: fromId, to: toId, asset: currency, amount, reason });
    return { from: posted(sideOf(moved, fromId), amount), to: posted(sideOf(moved, toId), amount) };
  }
}

function posted({ entryId, account: { playerId, currency, balance } }: Moved<WalletRow>, amount: bigint): Posted {
  return { entryId, playerId, currency, amount, balance };
}

function walletBook({ session, ids }: Work): Book<WalletRow> {
  return {
    field: 'amount',
    balanceOf: ({ balance }) => balance,
    take: (playerId, currency, amount) => session.dao(wallet).increment({ playerId, currency }, { balance: -amount }, { min: 0n }),
    give: async (playerId, currency, amount) => {
      await session.dao(wallet).addMany([{ playerId, currency, balance: amount }], ['balance']);
      return requireGiven(await session.dao(wallet).get({ playerId, currency }));
    },
    record: async (postings: readonly Posting[], reason) => {
      const movementId = ids.next();
      const rows = postings.map(({ asset, ...posting }) => ({ id: ids.next(), movementId, currency: asset, reason, ...posting }));
      await session.dao(walletEntry).insertMany(rows);
      return rows.map(({ id }) => id);
    },
  };
}
