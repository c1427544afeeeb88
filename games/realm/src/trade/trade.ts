import { Amount, Id, invalidInput, slug, write } from '@midgard/game-kit';
import { z } from 'zod';
import type { RealmContext } from '../realm-context.ts';

const MOST_STACKS = 20;
const Stack = z.strictObject({ itemType: slug(64), quantity: Amount });
const Sum = z.strictObject({ currency: slug(32), amount: Amount });

/** What one of the two gives: things, money, or both. */
const Side = z.strictObject({ playerId: Id, items: z.array(Stack).max(MOST_STACKS).default([]), money: z.array(Sum).max(MOST_STACKS).default([]) });
type Side = z.output<typeof Side>;

/** Two players swap items and money in one transaction: both get what they were promised, or nothing moves. */
export const trade = write({
  code: 110,
  name: 'trade.execute',
  summary: 'Swap items and money between two players, both or neither',
  permission: 'item:transfer',
  http: 'POST /trades',
  input: z.object({ first: Side, second: Side }),
  output: z.object({ done: z.literal(true) }),
  owner: 'none',
  idempotent: 'required',
  changes: { item: bothPlayers, item_entry: 'unknown', wallet: bothPlayers, wallet_entry: 'unknown' },
  handle: async (ctx: RealmContext, { first, second }) => {
    if (first.playerId === second.playerId)
      throw invalidInput([{ path: 'second.playerId', message: 'a trade needs two players', expected: 'another player than the first' }]);
    await ctx.players.requireActive(first.playerId);
    await ctx.players.requireActive(second.playerId);
    await give(ctx, first, second.playerId);
    await give(ctx, second, first.playerId);
    return { done: true as const };
  },
});

function bothPlayers({ first, second }: { first: Side; second: Side }): bigint[] {
  return [first.playerId, second.playerId];
}

async function give({ items, wallets }: RealmContext, side: Side, to: bigint): Promise<void> {
  for (const { itemType, quantity } of side.items) await items.transfer(side.playerId, to, itemType, quantity, 'trade');
  for (const { currency, amount } of side.money) await wallets.transfer(side.playerId, to, currency, amount, 'trade');
}
