import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineGame } from '../define-game.ts';
import { write } from '../define-operation.ts';
import { standardEntities } from '../entities/index.ts';
import { Item, item } from '../entities/item.ts';
import type { GameHandler } from '../game.ts';
import type { Operation } from '../operation.ts';
import { standardOperations } from '../operations/index.ts';
import { Id } from '../wire/numbers.ts';
import { type ContractOptions, gameContract } from './game-contract.ts';

const manifest = { id: 'test', number: 7, version: '1.0.0', title: 'Test' };
const standard = defineGame({ manifest, entities: standardEntities, operations: standardOperations() });

describe('the standard operations', () => {
  for (const { name, run } of gameContract(standard)) test(name, run, 60_000);
});

const gift = write({
  code: 100,
  name: 'gift.give',
  permission: 'gift:give',
  http: 'POST /gifts/:playerId',
  input: z.strictObject({ playerId: Id }),
  output: Item,
  owner: 'none',
  idempotent: 'no',
  changes: { item: ({ playerId }) => playerId },
  handle: ({ items }, { playerId }) => items.grant(playerId, 'gift', 1n, 'a gift'),
});

const inputs: NonNullable<ContractOptions['inputs']> = { 'gift.give': (world) => ({ playerId: world.pick(world.players) }) };

function gameOf(...own: readonly Operation[]): GameHandler {
  return defineGame({ manifest, entities: standardEntities, operations: [...standardOperations(), ...own] });
}

async function failures(handler: GameHandler, options: ContractOptions = { inputs }): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, run } of gameContract(handler, { steps: 80, seeds: [1], ...options })) await run().catch(() => failed.push(name));
  return failed;
}

test('a sound operation of the game’s own passes', async () => {
  expect(await failures(gameOf(gift))).toEqual([]);
});

const sound: Operation = gift;
const broken: readonly [string, Operation, RegExp][] = [
  ['a code of the standard range', { ...sound, code: 99 }, /own ones begin at 100/],
  ['no owner policy', { ...sound, owner: undefined }, /player token/],
  ['an input that takes unknown fields', { ...sound, input: z.object({ playerId: Id }) }, /unknown fields/],
  ['an output without a JSON Schema', { ...sound, output: Item.transform((item) => item) }, /JSON Schema/],
  ['a permission that no role can name', { ...sound, permission: 'Gift' }, /permission/],
  ['changes that it does not declare', { ...sound, changes: {} }, /storm/],
  ['changes under another key', { ...sound, changes: { item: () => 5n } }, /storm/],
  ['an output that its handler does not give', { ...sound, output: z.object({ gift: z.string() }) }, /storm/],
  [
    'a handler that makes items without the ledger',
    { ...sound, output: z.object({}), handle: ({ session, ids }) => forge(session, ids.next()), changes: { item: 'unknown' } },
    /storm/,
  ],
];

function forge(session: Parameters<Operation['handle']>[0]['session'], id: bigint): Promise<unknown> {
  return session.dao(item).insert({ playerId: id, itemType: 'forged', id, quantity: 1n, attributes: {} });
}

test.each(broken)('an operation with %s is found', async (_, operation, expected) => {
  const failed = await failures(gameOf(operation));
  expect(failed).toHaveLength(1);
  expect(failed[0]).toMatch(expected);
});

test('an own write without generated inputs is found', async () => {
  expect(await failures(gameOf(gift), {})).toEqual(['every write of its own takes part in the storms']);
});
