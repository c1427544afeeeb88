import { describe, expect, test } from 'vitest';
import { idOf } from '../test/answers.ts';
import { standardGame } from '../test/standard-game.ts';
import { openGame, type OpenGame, service } from '../testing/open-game.ts';
import type { HeldAnswer } from './held-answer.ts';

async function held(game: OpenGame, name: string, input: object): Promise<HeldAnswer | undefined> {
  const told: HeldAnswer[] = [];
  const answer = await game.runtime.execute({ operation: game.runtime.operation(name)!, input, caller: service, held: (one) => told.push(one) });
  for (const one of told) expect(one.answer).toBe(answer);
  return told[0];
}
function holds(one: HeldAnswer | undefined): boolean | undefined {
  return one?.cache.holds(one.grip.ticket.slot, one.grip.ticket.stamp);
}

describe('who keeps a cached answer in another form', () => {
  test('is told where it is held, also when it was just loaded, and until when', async () => {
    await using game = await openGame(standardGame);
    const id = await idOf(game.call('player.create', { name: 'a' }));
    const [loaded, found] = [await held(game, 'player.get', { id }), await held(game, 'player.get', { id })];
    expect([holds(loaded), holds(found), found?.grip]).toEqual([true, true, loaded?.grip]);
    expect(found?.grip.until).toBeGreaterThan(game.clock.now());
  });

  test('knows at once that a write has outdated it', async () => {
    await using game = await openGame(standardGame);
    const id = await idOf(game.call('player.create', { name: 'a' }));
    const before = await held(game, 'player.get', { id });
    await game.call('player.update', { id, name: 'b' });
    expect(holds(before)).toBe(false);
    expect((await held(game, 'player.get', { id }))?.answer).toMatchObject({ name: 'b' });
  });

  test.each([
    ['player.list', {}],
    ['player.create', { name: 'c' }],
  ])('is told nothing of %s, which is not cached', async (name, input) => {
    await using game = await openGame(standardGame);
    expect(await held(game, name, input)).toBeUndefined();
  });
});
