import { z } from 'zod';
import { write } from '../../define-operation.ts';
import { Character } from '../../entities/character.ts';
import { JsonObject } from '../../wire/json.ts';
import { ExpectedVersion, Id, IdText, Int } from '../../wire/numbers.ts';
import { Name, slug } from '../../wire/text.ts';
import { patchOf } from '../patch.ts';

/** A new character of an active player. */
export const createCharacter = write({
  code: 11,
  name: 'character.create',
  permission: 'character:create',
  http: 'POST /players/:playerId/characters',
  summary: 'A new character of a player',
  input: z.strictObject({ playerId: Id, name: Name, class: slug(32), attributes: JsonObject.optional() }),
  output: Character,
  owner: 'none',
  idempotent: 'no',
  changes: { character: 'unknown' },
  handle: async ({ players, characters }, { playerId, ...fields }) => {
    await players.requireActive(playerId);
    return characters.create(playerId, fields);
  },
});

/** Changes a character of an active player. */
export const updateCharacter = write({
  code: 12,
  name: 'character.update',
  permission: 'character:update',
  http: 'PATCH /characters/:id',
  summary: 'Change a character',
  input: z.strictObject({
    id: Id,
    name: Name.optional(),
    level: Int.optional(),
    attributes: JsonObject.optional(),
    equipment: JsonObject.optional(),
    expectedVersion: ExpectedVersion.optional(),
  }),
  output: Character,
  owner: 'none',
  idempotent: 'no',
  changes: { character: ({ id }) => id },
  handle: async ({ players, characters }, { id, expectedVersion, ...fields }) => {
    await players.requireActive((await characters.require(id, { forUpdate: true })).playerId);
    return characters.update(id, patchOf(fields), expectedVersion);
  },
});

/** Deletes a character: for everybody but the database it is gone. */
export const deleteCharacter = write({
  code: 14,
  name: 'character.delete',
  permission: 'character:delete',
  http: 'DELETE /characters/:id',
  summary: 'Delete a character (soft)',
  input: z.strictObject({ id: Id, expectedVersion: ExpectedVersion.optional() }),
  output: z.object({ id: IdText, deleted: z.literal(true) }),
  owner: 'none',
  idempotent: 'no',
  changes: { character: ({ id }) => id },
  handle: async ({ characters, now }, { id, expectedVersion }) => {
    await characters.update(id, { deletedAt: now }, expectedVersion);
    return { id, deleted: true as const };
  },
});
