/**
 * What an operation costs above the database: each line beside the same work done by hand on @midgard/dao.
 *
 * A hand loop: the calls are of microseconds and up, and many run at once.
 */
import { IdGenerator, openDatabase } from '@midgard/dao';
import { player } from '../entities/player.ts';
import { wallet, walletEntry } from '../entities/wallet.ts';
import { standardGame } from '../test/standard-game.ts';
import { service } from '../testing/open-game.ts';
import { GameRuntime } from './game-runtime.ts';

const AT_ONCE = 64;
const ROUNDS = 5;

async function microsecondsEach(calls: number, call: (n: number) => Promise<unknown>): Promise<number> {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    for (let done = 0; done < calls; done += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, (_, lane) => call(round * calls + done + lane)));
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1000 / calls);
  }
  return best;
}

await using database = await openDatabase('sqlite::memory:');
const ids = new IdGenerator({ instance: 0 });
const runtime = new GameRuntime(standardGame, { database, ids });
const uncached = new GameRuntime(standardGame, { database, ids, cache: { policies: { player: false } } });
await runtime.start();
await uncached.start();
const call = (game: GameRuntime, name: string, input: unknown): Promise<unknown> => game.execute({ operation: game.operation(name)!, input, caller: service });
const playerId = BigInt(String(Reflect.get(Object(await call(runtime, 'player.create', { name: 'bench' })), 'id')));
const credit = { playerId: String(playerId), currency: 'gold', amount: 1, reason: 'bench' };
await call(runtime, 'wallet.credit', { ...credit, idempotencyKey: 'bench-first' });

const lines = [
  { what: 'player.get, cached', ours: await microsecondsEach(64_000, () => call(runtime, 'player.get', { id: String(playerId) })) },
  {
    what: 'player.get, not cached',
    ours: await microsecondsEach(16_000, () => call(uncached, 'player.get', { id: String(playerId) })),
    byHand: await microsecondsEach(16_000, () => database.read((session) => session.dao(player).get(playerId))),
  },
  {
    what: 'wallet.credit',
    ours: await microsecondsEach(3200, (n) => call(runtime, 'wallet.credit', { ...credit, idempotencyKey: `bench-key-${n}` })),
    byHand: await microsecondsEach(3200, () =>
      database.transaction(async (session) => {
        const { balance } = await session.dao(wallet).increment({ playerId, currency: 'gold' }, { balance: 1n });
        const entry = { movementId: ids.next(), currency: 'gold', reason: 'bench' };
        await session.dao(walletEntry).insertMany([
          { ...entry, id: ids.next(), accountId: playerId, delta: 1n, balance },
          { ...entry, id: ids.next(), accountId: 0n, delta: -1n },
        ]);
      }),
    ),
  },
];
for (const { what, ours, byHand } of lines) {
  console.log(
    JSON.stringify({
      what,
      microseconds: Number(ours.toFixed(1)),
      ...(byHand === undefined ? {} : { byHand: Number(byHand.toFixed(1)), ratio: Number((ours / byHand).toFixed(2)) }),
    }),
  );
}
await runtime.stop();
