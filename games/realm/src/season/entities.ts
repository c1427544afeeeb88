import { AmountText, createdAt, defineEntity, id, IdText, textColumn, Timestamp, timestamp, updatedAt, version } from '@midgard/game-kit';
import { z } from 'zod';

/** A span of time in which players compete for points. */
export const season = defineEntity('season', {
  columns: { id: id(), name: textColumn(64), startsAt: timestamp(), endsAt: timestamp(), version: version(), createdAt: createdAt(), updatedAt: updatedAt() },
  key: ['id'],
});

/** The points of a player in a season. */
export const seasonScore = defineEntity('season_score', {
  columns: { seasonId: id(), playerId: id(), points: id(), version: version(), createdAt: createdAt(), updatedAt: updatedAt() },
  key: ['seasonId', 'playerId'],
  cacheBy: 'playerId',
  indexes: [{ on: ['seasonId', 'points'] }],
});

/** A season on the wire. */
export const Season = z.object({
  id: IdText,
  name: z.string(),
  startsAt: Timestamp,
  endsAt: Timestamp,
  version: z.int(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});

/** A place in the ranking on the wire; equal points rank by player id. */
export const Place = z.object({ rank: z.int(), playerId: IdText, points: AmountText });
