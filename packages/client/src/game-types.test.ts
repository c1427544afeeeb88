import { expectTypeOf, test } from 'vitest';
import type { GameClient } from './game-client.ts';
import type { GameShape, InputOf, OperationName, OutputOf } from './game-types.ts';
import type { toy, ToyPlayer } from './testing/toy-game.ts';

type Toy = typeof toy;

test('names, inputs and outputs come from the definition', () => {
  expectTypeOf<OperationName<Toy>>().toEqualTypeOf<'player.get' | 'player.create' | 'player.update' | 'player.list' | 'wallet.credit'>();
  expectTypeOf<InputOf<Toy, 'player.get'>>().toEqualTypeOf<{ id: string | bigint }>();
  expectTypeOf<OutputOf<Toy, 'player.create'>>().toEqualTypeOf<ToyPlayer>();
  expectTypeOf<OutputOf<Toy, 'player.list'>>().toEqualTypeOf<{ items: ToyPlayer[]; nextCursor: string | null }>();
});

async function useEverything(client: GameClient<Toy>): Promise<void> {
  expectTypeOf(await client.call('player.get', { id: '1' })).toEqualTypeOf<ToyPlayer>();
  expectTypeOf(await client.call('wallet.credit', { playerId: '1', amount: 5n, idempotencyKey: 'k' })).toEqualTypeOf<{ balance: string }>();
  // @ts-expect-error no such operation
  await client.call('player.fly', {});
  // @ts-expect-error the id is missing
  await client.call('player.get', {});
  // @ts-expect-error an id is no object
  await client.call('player.get', { id: {} });
  // @ts-expect-error a wallet write takes an idempotency key
  await client.call('wallet.credit', { playerId: '1', amount: 5n });
}

test('call refuses unknown names, missing and wrong fields', () => {
  expectTypeOf(useEverything).returns.resolves.toBeVoid();
});

test('a game of which nothing is known takes and gives unknown', () => {
  expectTypeOf<InputOf<GameShape, string>>().toBeUnknown();
  expectTypeOf<OutputOf<GameShape, string>>().toBeUnknown();
});
