import { createdAt, defineEntity, id, int, json, text, timestamp, updatedAt, version } from '@midgard/dao';
import { z } from 'zod';
import type { JsonRecord } from '../wire/json.ts';
import { JsonObjectText } from '../wire/json.ts';
import { AmountText, IdText } from '../wire/numbers.ts';
import { Timestamp } from '../wire/time.ts';

/** A player account. A deleted one stays as a row, so that its ledger keeps an owner. */
export const player = defineEntity('player', {
  columns: {
    id: id(),
    name: text(64),
    externalId: text(128).nullable(),
    level: int(),
    experience: id(),
    status: text(16),
    attributes: json<JsonRecord>(),
    lastLoginAt: timestamp().nullable(),
    version: version(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  key: ['id'],
  indexes: [{ on: ['externalId'], unique: true }, { on: ['name'] }, { on: ['level'] }, { on: ['createdAt'] }],
});

/** Where a player can stand. */
export const PlayerStatus = z.enum(['active', 'banned', 'deleted']);

/** A player on the wire. */
export const Player = z.object({
  id: IdText,
  name: z.string(),
  externalId: z.string().nullable(),
  level: z.int(),
  experience: AmountText,
  status: z.string().pipe(PlayerStatus),
  attributes: JsonObjectText,
  lastLoginAt: Timestamp.nullable(),
  version: z.int(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
