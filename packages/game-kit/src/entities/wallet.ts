import { createdAt, defineEntity, id, int64, text, updatedAt, version } from '@midgard/dao';
import { z } from 'zod';
import { AmountText, IdText } from '../wire/numbers.ts';
import { Timestamp } from '../wire/time.ts';

/** A player's balance in one currency: the sum of the player's rows in {@link walletEntry}, kept up to date with them. */
export const wallet = defineEntity('wallet', {
  columns: {
    playerId: id(),
    currency: text(32),
    balance: id(),
    version: version(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  key: ['playerId', 'currency'],
});

/** The money's ledger; see the items' one, which keeps the same rules: two rows a movement, account 0 is the game's own. */
export const walletEntry = defineEntity('wallet_entry', {
  columns: {
    id: id(),
    movementId: id(),
    accountId: id(),
    currency: text(32),
    delta: int64(),
    balance: id().nullable(),
    reason: text(200),
    createdAt: createdAt(),
  },
  key: ['id'],
  indexes: [{ on: ['accountId', 'currency'] }],
});

/** A player's balances on the wire, by currency. */
export const Wallet = z.object({ playerId: IdText, balances: z.record(z.string(), AmountText) });

/** What a credit or debit answers: the amount as it was asked for and the balance after it. */
export const WalletPosting = z.object({ entryId: IdText, playerId: IdText, currency: z.string(), amount: AmountText, balance: AmountText });

/** A row of a player's ledger on the wire: `amount` is negative where the balance fell. */
export const WalletEntry = z.object({
  id: IdText,
  playerId: IdText,
  currency: z.string(),
  amount: AmountText,
  balance: AmountText,
  reason: z.string(),
  createdAt: Timestamp,
});
