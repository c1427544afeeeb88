import type { Database, Session, TransactionOptions } from '@midgard/dao';
import { temporaryDatabase } from '@midgard/dao/testing';
import { expect, test } from 'vitest';
import { outbox } from '../entities/bookkeeping.ts';
import { fieldsOf, freshKey, idOf } from '../test/answers.ts';
import { standardGame } from '../test/standard-game.ts';
import { openGame } from '../testing/open-game.ts';

/** A server that commits, loses the connection before it can say so, and lets whoever may run again do so. */
function losingCommits(database: Database): Database {
  const transaction = async <T>(work: (session: Session) => Promise<T> | T, options?: TransactionOptions): Promise<T> => {
    const first = await database.transaction(work, options);
    return options?.isRepeatable === true ? database.transaction(work, options) : first;
  };
  return new Proxy(database, {
    get: (target, name) => (name === 'transaction' ? transaction : (Reflect.get(target, name, target).bind?.(target) ?? Reflect.get(target, name, target))),
  });
}

test('a write with a key that runs again after its commit was made once, and is answered and seen as it was made', async () => {
  await using database = losingCommits(await temporaryDatabase());
  const heard: string[] = [];
  const listener = { committed: ({ changes }: { changes: Session['changes'] }) => void heard.push(changes.map(({ entity }) => entity).join(' ')) };
  const game = await openGame(standardGame, { database, listener });
  const playerId = await idOf(game.call('player.create', { name: 'a' }));
  const credit = { playerId, currency: 'gold', amount: 5, reason: 'r', ...freshKey() };
  await game.call('wallet.credit', { ...credit, ...freshKey() });
  expect(await fieldsOf(game.call('wallet.get', { playerId }))).toMatchObject({ balances: { gold: '5' } });
  expect(await fieldsOf(game.call('wallet.credit', credit))).toMatchObject({ amount: '5', balance: '10' });
  expect(await fieldsOf(game.call('wallet.get', { playerId }))).toMatchObject({ balances: { gold: '10' } });
  expect(heard.at(-1)).toContain('wallet');
  await game.runtime.stop();
});

test('a write without a key never runs again after a commit that nobody saw', async () => {
  await using database = losingCommits(await temporaryDatabase());
  const game = await openGame(standardGame, { database });
  const id = await idOf(game.call('player.create', { name: 'a' }));
  expect(await fieldsOf(game.call('player.update', { id, level: 2 }))).toMatchObject({ version: 2 });
  expect(await database.read((session) => session.dao(outbox).count())).toBe(2);
  await game.runtime.stop();
});
