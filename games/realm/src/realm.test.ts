import { gameContract, type StormWorld } from '@midgard/game-kit/testing';
import { describe, test } from 'vitest';
import { z } from 'zod';
import { realm } from './realm.ts';

const WithId = z.looseObject({ id: z.string() });

function upTo(world: StormWorld, most: number): number {
  return 1 + Math.floor(world.random() * most);
}

/** One that an earlier step made, or a new one. */
async function idOf(world: StormWorld, operation: string, input: object): Promise<string> {
  const [made] = world.made.get(operation) ?? [];
  return made ?? WithId.parse(await world.call(operation, input)).id;
}

const winter = { name: 'Winter', startsAt: '2026-01-01T00:00:00Z', endsAt: '2026-02-01T00:00:00Z' };

const sword = { product: 'sword', quantity: 1, currency: 'gold', amount: 5 };

describe('Realm keeps the contract of a game', () => {
  const contract = gameContract(realm, {
    inputs: {
      'character.gainExperience': async (world) => ({
        id: await idOf(world, 'character.create', { playerId: world.pick(world.players), name: 'Valkyrie', class: 'warrior' }),
        amount: upTo(world, 500),
        reason: 'quest',
      }),
      'trade.execute': (world) => ({
        first: { playerId: world.pick(world.players), items: [{ itemType: 'sword', quantity: upTo(world, 3) }] },
        second: { playerId: world.pick(world.players), money: [{ currency: 'gold', amount: upTo(world, 50) }] },
      }),
      'season.open': () => winter,
      'orderEvent.record': async (world) => ({
        id: await idOf(world, 'order.create', { ...sword, playerId: world.pick(world.players), idempotencyKey: `sword-${world.random()}` }),
        kind: 'shown',
      }),
      'counter.add': (world) => ({ playerId: world.pick(world.players), name: world.pick(['kills', 'steps']), amount: upTo(world, 50) }),
      'season.score': async (world) => ({ id: await idOf(world, 'season.open', winter), playerId: world.pick(world.players), points: upTo(world, 50) }),
    },
  });
  for (const { name, run } of contract) test(name, run, 60_000);
});
