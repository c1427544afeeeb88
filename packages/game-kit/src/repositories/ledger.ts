import { MidgardError } from '@midgard/errors';
import { invalidInput, isDaoError } from '../refusals.ts';
import { MAX_INT64 } from '../wire/numbers.ts';

/** The game's own account: what is granted comes out of it, what is consumed goes into it. Its balance is never kept, only its entries. */
export const HOUSE = 0n;

/** One side of a movement, to be written down. */
export interface Posting {
  readonly accountId: bigint;
  readonly asset: string;
  readonly delta: bigint;
  /** The account's balance after it; null for the house. */
  readonly balance: bigint | null;
}

/** How one kind of asset is kept: items in stacks, money in wallets. */
export interface Book<Account> {
  /** What the caller's input calls the moved number: `quantity` or `amount`. */
  readonly field: string;
  balanceOf(account: Account): bigint;
  /** Takes from an account; refused by the database below zero, or where there is no such account. */
  take(playerId: bigint, asset: string, amount: bigint): Promise<Account>;
  /**
   * Adds to an account, which is opened where it is missing; refused by the database beyond 64 bits. In one statement: one
   * that looks first, or an update that finds nothing, would on MySQL keep those who open an account nearby from it.
   */
  give(playerId: bigint, asset: string, amount: bigint): Promise<Account>;
  /** Writes both sides of one movement. @returns their entries' ids, in order */
  record(postings: readonly Posting[], reason: string): Promise<readonly bigint[]>;
}

/** A movement of `amount` ≥ 1 from one account to another; either, not both, may be the {@link HOUSE}. */
export interface Movement {
  readonly from: bigint;
  readonly to: bigint;
  readonly asset: string;
  readonly amount: bigint;
  readonly reason: string;
}

/** One side of a movement after it. */
export interface Moved<Account> {
  readonly entryId: bigint;
  readonly account: Account;
}

/**
 * Moves an asset by double entry: both accounts change and two rows that sum to zero are written, or nothing happens.
 *
 * @returns the players' accounts by player id
 * @throws {MidgardError} 2007 where the giver has too little; 2001 where the taker would hold more than 2^63−1, where both
 *   are one, or where the amount is below 1
 */
export async function move<Account>(book: Book<Account>, { from, to, asset, amount, reason }: Movement): Promise<ReadonlyMap<bigint, Moved<Account>>> {
  if (from === to || amount < 1n) throw impossible(book.field);
  const sides = [
    { accountId: from, delta: -amount },
    { accountId: to, delta: amount },
  ];
  // Always in the order of ids: two opposite movements then never wait for each other's row.
  sides.sort((one, other) => (one.accountId < other.accountId ? -1 : 1));
  const accounts: { id: bigint; account: Account }[] = [];
  const postings: Posting[] = [];
  for (const { accountId, delta } of sides) {
    const account = accountId === HOUSE ? undefined : await apply(book, accountId, asset, delta);
    if (account !== undefined) accounts.push({ id: accountId, account });
    postings.push({ accountId, asset, delta, balance: account === undefined ? null : book.balanceOf(account) });
  }
  const entryIds = await book.record(postings, reason);
  const entryOf = new Map(postings.map(({ accountId }, at) => [accountId, entryIds[at] ?? HOUSE]));
  return new Map(accounts.map(({ id, account }) => [id, { entryId: entryOf.get(id) ?? HOUSE, account }]));
}

/**
 * @returns the side of that player
 * @throws {MidgardError} 1000 where the player took no part
 */
export function sideOf<Account>(moved: ReadonlyMap<bigint, Moved<Account>>, playerId: bigint): Moved<Account> {
  const side = moved.get(playerId);
  if (side === undefined) throw new MidgardError('internal', '');
  return side;
}

/** @returns the account that something was given to, which must be there */
export function requireGiven<Account>(account: Account | undefined): Account {
  if (account === undefined) throw new MidgardError('internal', '');
  return account;
}

async function apply<Account>(book: Book<Account>, playerId: bigint, asset: string, delta: bigint): Promise<Account> {
  try {
    return await (delta > 0n ? book.give(playerId, asset, delta) : book.take(playerId, asset, -delta));
  } catch (error) {
    if (isDaoError(error, 'ERR_DAO_NOT_FOUND', 'ERR_DAO_INSUFFICIENT')) {
      throw new MidgardError('insufficient', `not enough ${asset}`, { details: { playerId: String(playerId), asset, needed: String(-delta) }, cause: error });
    }
    if (isDaoError(error, 'ERR_DAO_RANGE')) throw tooMuch(book.field);
    throw error;
  }
}

function tooMuch(field: string): MidgardError {
  return invalidInput([{ path: field, message: `the account would hold more than ${MAX_INT64}`, expected: `a sum of at most ${MAX_INT64}` }]);
}

function impossible(field: string): MidgardError {
  return invalidInput([{ path: field, message: 'nothing would move', expected: 'at least 1, between two different accounts' }]);
}
