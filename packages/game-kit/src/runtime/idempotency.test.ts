import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineGame } from '../define-game.ts';
import { write } from '../define-operation.ts';
import { idempotency, outbox } from '../entities/bookkeeping.ts';
import { standardEntities } from '../entities/index.ts';
import { standardOperations } from '../operations/index.ts';
import { codeOf, fieldsOf, idOf, issuePaths } from '../test/answers.ts';
import { openGame } from '../testing/open-game.ts';
import { standardGame } from '../test/standard-game.ts';
import { hashInput } from './encode.ts';
import { IdempotencyKeys } from './idempotency.ts';

const keyed = standardOperations()
  .filter(({ idempotent }) => idempotent !== 'no')
  .map(({ name, idempotent }) => `${name} ${idempotent}`);

test('the operations that the protocol marks take a key, and no other does', () => {
  expect(keyed.toSorted()).toEqual(
    ['item.grant', 'item.consume', 'item.transfer', 'wallet.credit', 'wallet.debit', 'order.create', 'order.pay', 'order.deliver', 'order.refund']
      .map((name) => `${name} required`)
      .toSorted(),
  );
});

test.each([undefined, 'short', 'x'.repeat(129), 'with space', 'ümlaut-key', 12345678])('the key %s is refused', async (idempotencyKey) => {
  await using game = await openGame(standardGame);
  expect(await issuePaths(game.call('wallet.credit', { playerId: 1, currency: 'gold', amount: 1, reason: 'r', idempotencyKey }))).toEqual(['idempotencyKey']);
});

test('a repeated key gives the first answer again, however the input is written, and moves nothing', async () => {
  await using game = await openGame(standardGame);
  const playerId = await idOf(game.call('player.create', { name: 'a' }));
  const first = await fieldsOf(game.call('wallet.credit', { playerId, currency: 'gold', amount: 5, reason: 'r', idempotencyKey: 'key-00001' }));
  await game.call('wallet.credit', { playerId, currency: 'gold', amount: 5, reason: 'r', idempotencyKey: 'key-00002' });
  const again = { idempotencyKey: 'key-00001', reason: ' r ', amount: '5', currency: 'gold', playerId: BigInt(playerId) };
  expect(await game.call('wallet.credit', again)).toEqual(first);
  expect(await fieldsOf(game.call('wallet.get', { playerId }))).toMatchObject({ balances: { gold: '10' } });
});

test('a key that was used for another input or operation is 2009', async () => {
  await using game = await openGame(standardGame);
  const playerId = await idOf(game.call('player.create', { name: 'a' }));
  const input = { playerId, currency: 'gold', amount: 5, reason: 'r', idempotencyKey: 'key-00001' };
  await game.call('wallet.credit', input);
  expect(await codeOf(game.call('wallet.credit', { ...input, amount: 6 }))).toBe(2009);
  expect(await codeOf(game.call('wallet.debit', input))).toBe(2009);
});

test('a refused first leaves nothing behind: its key is free', async () => {
  await using game = await openGame(standardGame);
  const playerId = await idOf(game.call('player.create', { name: 'a' }));
  const input = { playerId, currency: 'gold', amount: 5, reason: 'r', idempotencyKey: 'key-00001' };
  expect(await codeOf(game.call('wallet.debit', input))).toBe(2007);
  expect(await game.database.read(async (session) => [await session.dao(idempotency).count(), await session.dao(outbox).count()])).toEqual([0, 1]);
  expect(await codeOf(game.call('wallet.credit', input))).toBe(0);
});

test('a key is remembered over a restart', async () => {
  await using game = await openGame(standardGame);
  const playerId = await idOf(game.call('player.create', { name: 'a' }));
  const input = { playerId, currency: 'gold', amount: 5, reason: 'r', idempotencyKey: 'key-00001' };
  const first = await game.call('wallet.credit', input);
  const restarted = await openGame(standardGame, { database: game.database });
  expect(await restarted.call('wallet.credit', input)).toEqual(first);
  await restarted.runtime.stop();
});

test('an optional key may be left out', async () => {
  const optional = write({
    code: 100,
    name: 'gift.give',
    permission: 'gift:give',
    http: 'POST /gifts',
    input: z.strictObject({ n: z.int() }),
    output: z.object({ n: z.int() }),
    owner: 'none',
    idempotent: 'optional',
    changes: {},
    handle: (_, { n }) => ({ n }),
  });
  await using game = await openGame(defineGame({ manifest: standardGame.manifest, entities: standardEntities, operations: [optional] }));
  expect(await codeOf(game.call('gift.give', { n: 1 }))).toBe(0);
  expect(await codeOf(game.call('gift.give', { n: 1, idempotencyKey: 'key-00001' }))).toBe(0);
  expect(await codeOf(game.call('gift.give', { n: 2, idempotencyKey: 'key-00001' }))).toBe(2009);
});

test('while a write runs, another with its key is 2010, and afterwards the key may run again', async () => {
  const keys = new IdempotencyKeys();
  const { promise, resolve } = Promise.withResolvers<string>();
  const running = keys.guard('key-00001', () => promise);
  expect(await codeOf(keys.guard('key-00001', async () => 'second'))).toBe(2010);
  expect(await keys.guard('key-00002', async () => 'other')).toBe('other');
  resolve('first');
  expect(await running).toBe('first');
  expect(await keys.guard('key-00001', async () => 'again')).toBe('again');
});

test('however calls with few keys and inputs are interleaved, each key moves money once, by its first input', async () => {
  const call = fc.record({
    key: fc.constantFrom('key-00001', 'key-00002', 'key-00003'),
    amount: fc.constantFrom(1, 10, 100),
    restart: fc.boolean(),
    ticks: fc.nat({ max: 6 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 24 }), async (calls) => {
      await using game = await openGame(standardGame);
      // A second instance on the same database: it knows nothing of what runs in the first.
      const second = await openGame(standardGame, { database: game.database });
      const playerId = await idOf(game.call('player.create', { name: 'a' }));
      const outcomes = await Promise.all(
        calls.map(async ({ key, amount, restart, ticks }) => {
          for (let i = 0; i < ticks; i++) await new Promise((resolve) => setImmediate(resolve));
          const input = { playerId, currency: 'gold', amount, reason: 'r', idempotencyKey: key };
          try {
            return { key, amount, code: 0, answer: JSON.stringify(await (restart ? second : game).call('wallet.credit', input)) };
          } catch (error) {
            return { key, amount, code: Number(Reflect.get(Object(error), 'code')), answer: '' };
          }
        }),
      );
      let sum = 0;
      for (const [, ofKey] of Map.groupBy(outcomes, ({ key }) => key)) {
        const taken = ofKey.filter(({ code }) => code === 0);
        expect(new Set(taken.map(({ answer }) => answer)).size).toBe(1);
        for (const { code, amount } of ofKey) expect([2010, amount === taken[0]?.amount ? 0 : 2009]).toContain(code);
        sum += taken[0]?.amount ?? 0;
      }
      expect(await fieldsOf(game.call('wallet.get', { playerId }))).toMatchObject({ balances: { gold: String(sum) } });
      await second.runtime.stop();
    }),
    { numRuns: 15 },
  );
}, 60_000);

test('an input has one hash, whatever the order of its fields, and any difference another', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5 }), (input) => {
      const reversed = Object.fromEntries(Object.entries(input).toReversed());
      expect(hashInput(reversed)).toBe(hashInput(input));
      expect(hashInput({ ...input, 'one more': 1 })).not.toBe(hashInput(input));
    }),
  );
  expect(hashInput({ a: 'x","b":"y' })).not.toBe(hashInput({ a: 'x', b: 'y' }));
});
