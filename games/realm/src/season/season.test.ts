import { openGame } from '@midgard/game-kit/testing';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { realm } from '../realm.ts';

const WithId = z.looseObject({ id: z.string() });
const dayMs = 86_400_000;

async function openSeason() {
  const game = await openGame(realm);
  const call = async (name: string, input: unknown) => game.call(name, input);
  const playerIds: string[] = [];
  for (const name of ['Astrid', 'Bjorn', 'Cnut']) playerIds.push(WithId.parse(await call('player.create', { name })).id);
  const startsAt = new Date(game.clock.now()).toISOString();
  const endsAt = new Date(game.clock.now() + dayMs).toISOString();
  const { id } = WithId.parse(await call('season.open', { name: 'Winter', startsAt, endsAt }));
  let scores = 0;
  const score = async (playerId: string, points: number) => call('season.score', { id, playerId, points, idempotencyKey: `score-${++scores}-key` });
  return { game, call, id, playerIds, score };
}

describe('a season', () => {
  test('ranks players by their points, equals in a fixed order, over page borders too', async () => {
    const { game, call, id, playerIds, score } = await openSeason();
    await using _game = game;
    const [astrid = '', bjorn = '', cnut = ''] = playerIds;
    await score(astrid, 10);
    await score(bjorn, 30);
    await score(cnut, 10);
    await score(astrid, 5);
    await score(cnut, 5);
    const first = z.looseObject({ nextCursor: z.string() }).parse(await call('season.ranking', { id, limit: 2 }));
    expect(first['items']).toEqual([
      { rank: 1, playerId: bjorn, points: '30' },
      { rank: 2, playerId: cnut, points: '15' },
    ]);
    expect(await call('season.ranking', { id, limit: 2, cursor: first.nextCursor })).toEqual({
      items: [{ rank: 3, playerId: astrid, points: '15' }],
      nextCursor: null,
    });
    expect(await call('season.place', { id, playerId: astrid })).toEqual({ rank: 3, playerId: astrid, points: '15' });
  });

  test('takes no points before its start and from its end on', async () => {
    const { game, id, playerIds, score } = await openSeason();
    await using _game = game;
    const [astrid = ''] = playerIds;
    game.clock.advance(dayMs - 1);
    await expect(score(astrid, 1)).resolves.toMatchObject({ points: '1' });
    game.clock.advance(1);
    await expect(score(astrid, 1)).rejects.toMatchObject({ code: 2008 });
    await expect(game.call('season.place', { id, playerId: astrid })).resolves.toMatchObject({ points: '1' });
  });

  test('that ends before it starts is refused with the field', async () => {
    await using game = await openGame(realm);
    const open = game.call('season.open', { name: 'Back', startsAt: '2026-01-02T00:00:00Z', endsAt: '2026-01-01T00:00:00Z' });
    await expect(open).rejects.toMatchObject({ code: 2001, details: { issues: [{ path: 'endsAt' }] } });
  });
});
