import { Amount, Id, listOf, Name, paging, read, TimestampInput, write } from '@midgard/game-kit';
import { z } from 'zod';
import type { RealmContext } from '../realm-context.ts';
import { Place, Season } from './entities.ts';

const openSeason = write({
  code: 120,
  name: 'season.open',
  summary: 'Open a season',
  permission: 'season:write',
  http: 'POST /seasons',
  input: z.object({ name: Name, startsAt: TimestampInput, endsAt: TimestampInput }),
  output: Season,
  owner: 'none',
  idempotent: 'optional',
  changes: { season: 'unknown' },
  handle: ({ seasons }: RealmContext, { name, startsAt, endsAt }) => seasons.open(name, startsAt, endsAt),
});

const getSeason = read({
  code: 121,
  name: 'season.get',
  summary: 'Read a season',
  permission: 'season:read',
  http: 'GET /seasons/:id',
  input: z.object({ id: Id }),
  output: Season,
  owner: 'any',
  cache: { entity: 'season', key: ({ id }) => id },
  handle: ({ seasons }: RealmContext, { id }) => seasons.require(id),
});

const scorePoints = write({
  code: 122,
  name: 'season.score',
  summary: 'Give a player points in a running season',
  permission: 'season:write',
  http: 'POST /seasons/:id/scores',
  input: z.object({ id: Id, playerId: Id, points: Amount }),
  output: Place.omit({ rank: true }),
  owner: 'none',
  idempotent: 'required',
  changes: { season_score: ({ playerId }) => playerId },
  handle: async ({ players, seasons }: RealmContext, { id, playerId, points }) => {
    await players.requireActive(playerId);
    return seasons.score(id, playerId, points);
  },
});

const readRanking = read({
  code: 123,
  name: 'season.ranking',
  summary: 'List the ranking of a season, best first',
  permission: 'season:read',
  http: 'GET /seasons/:id/ranking',
  input: z.object({ id: Id, ...paging }),
  output: listOf(Place),
  owner: 'any',
  handle: async ({ seasons }: RealmContext, { id, limit, cursor }) => {
    await seasons.require(id);
    return seasons.ranking(id, { limit, cursor });
  },
});

const readPlace = read({
  code: 124,
  name: 'season.place',
  summary: 'Read the place of one player in a season',
  permission: 'season:read',
  http: 'GET /seasons/:id/ranking/:playerId',
  input: z.object({ id: Id, playerId: Id }),
  output: Place,
  owner: 'any',
  handle: ({ seasons }: RealmContext, { id, playerId }) => seasons.place(id, playerId),
});

/** What can be done with seasons: open one, score in it, look at its ranking. */
export const seasonOperations = [openSeason, getSeason, scorePoints, readRanking, readPlace] as const;
