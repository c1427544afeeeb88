import { createdAt, defineEntity, id, int, json, text, timestamp, updatedAt, version } from '@midgard/dao';
import { z } from 'zod';
import type { JsonRecord } from '../wire/json.ts';
import { JsonObjectText } from '../wire/json.ts';
import { IdText } from '../wire/numbers.ts';
import { Timestamp } from '../wire/time.ts';

/** A character of a player; `deletedAt` marks one that is gone for everybody but the database. */
export const character = defineEntity('character', {
  columns: {
    id: id(),
    playerId: id(),
    name: text(64),
    class: text(32),
    level: int(),
    attributes: json<JsonRecord>(),
    equipment: json<JsonRecord>(),
    deletedAt: timestamp().nullable(),
    version: version(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  key: ['id'],
  cacheBy: ['id', 'playerId'],
  indexes: [{ on: ['playerId'] }],
});

/** A character on the wire. */
export const Character = z.object({
  id: IdText,
  playerId: IdText,
  name: z.string(),
  class: z.string(),
  level: z.int(),
  attributes: JsonObjectText,
  equipment: JsonObjectText,
  version: z.int(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
