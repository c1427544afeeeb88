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
    await swap(ctx, first, second);
    return { done: true as const };
  },
});

function bothPlayers({ first, second }: { first: Side; second: Side }): bigint[] {
  return [first.playerId, second.playerId];
}

/** Things by type and then money by currency, whoever gives them: two trades at once then never wait for each other's rows. */
async function swap({ items, wallets }: RealmContext, first: Side, second: Side): Promise<void> {
  const gifts = [
    { from: first, to: second.playerId },
    { from: second, to: first.playerId },
  ];
  const stacks = gifts.flatMap(({ from, to }) => from.items.map((stack) => ({ ...stack, from: from.playerId, to })));
  for (const { from, to, itemType, quantity } of stacks.toSorted((one, other) => byName(one.itemType, other.itemType)))
    await items.transfer(from, to, itemType, quantity, 'trade');
  const sums = gifts.flatMap(({ from, to }) => from.money.map((sum) => ({ ...sum, from: from.playerId, to })));
  for (const { from, to, currency, amount } of sums.toSorted((one, other) => byName(one.currency, other.currency)))
    await wallets.transfer(from, to, currency, amount, 'trade');
}

function byName(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
