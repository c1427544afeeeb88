import { z } from 'zod';
import { read, write } from '../define-operation.ts';
import { Wallet, wallet, WalletEntry, walletEntry, WalletPosting } from '../entities/wallet.ts';
import { listOf, paging } from '../wire/list.ts';
import { Amount, Id } from '../wire/numbers.ts';
import { Reason, slug } from '../wire/text.ts';
import { page } from './page.ts';
import { ownerTags } from './player-tags.ts';

const posting = z.strictObject({ playerId: Id, currency: slug(32), amount: Amount, reason: Reason });

/** A player's balances in every currency. */
export const getWallet = read({
  code: 50,
  name: 'wallet.get',
  permission: 'wallet:read',
  http: 'GET /players/:playerId/wallet',
  summary: "A player's balances",
  input: z.strictObject({ playerId: Id }),
  output: Wallet,
  owner: ({ playerId }) => playerId,
  cache: { entity: wallet.name, key: ({ playerId }) => playerId, tags: ownerTags },
  handle: async ({ players, wallets }, { playerId }) => {
    await players.require(playerId);
    return { playerId, balances: await wallets.balances(playerId) };
  },
});

/** Pays an active player. */
export const creditWallet = write({
  code: 51,
  name: 'wallet.credit',
  permission: 'wallet:credit',
  http: 'POST /players/:playerId/wallet/credit',
  summary: 'Pay money to a player',
  input: posting,
  output: WalletPosting,
  owner: 'none',
  idempotent: 'required',
  changes: { wallet: ({ playerId }) => playerId },
  audit: true,
  handle: async ({ players, wallets }, { playerId, currency, amount, reason }) => {
    await players.requireActive(playerId);
    return wallets.credit(playerId, currency, amount, reason);
  },
});

/** Takes money from an active player. */
export const debitWallet = write({
  code: 52,
  name: 'wallet.debit',
  permission: 'wallet:debit',
  http: 'POST /players/:playerId/wallet/debit',
  summary: 'Take money from a player',
  input: posting,
  output: WalletPosting,
  owner: 'none',
  idempotent: 'required',
  changes: { wallet: ({ playerId }) => playerId },
  audit: true,
  handle: async ({ players, wallets }, { playerId, currency, amount, reason }) => {
    await players.requireActive(playerId);
    return wallets.debit(playerId, currency, amount, reason);
  },
});

/** The rows of a player's ledger, the newest first. */
export const walletHistory = read({
  code: 53,
  name: 'wallet.history',
  permission: 'wallet:read',
  http: 'GET /players/:playerId/wallet/history',
  summary: "A player's ledger, newest first",
  input: z.strictObject({ playerId: Id, currency: slug(32).optional(), ...paging }),
  output: listOf(WalletEntry),
  owner: ({ playerId }) => playerId,
  // Every entry comes with a change of the wallet.
  cache: { entity: wallet.name, key: ({ playerId }) => playerId, tags: ownerTags },
  handle: async ({ players, session }, { playerId, currency, limit, cursor }) => {
    await players.require(playerId);
    const where = { accountId: playerId, ...(currency === undefined ? {} : { currency }) };
    const { items, nextCursor } = await page(session, walletEntry, cursor, { where, descending: true, limit });
    // Only the house's entries have no balance, and these are a player's.
    return { items: items.map(({ delta, balance, ...entry }) => ({ ...entry, playerId, amount: delta, balance: balance ?? 0n })), nextCursor };
  },
});
