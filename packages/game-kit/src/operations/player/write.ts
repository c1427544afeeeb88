import { hashPassword, passwordFault } from '@midgard/auth';
import { z } from 'zod';
import { write } from '../../define-operation.ts';
import { Player } from '../../entities/player.ts';
import { invalidInput, invalidTransition } from '../../refusals.ts';
import { JsonObject } from '../../wire/json.ts';
import { AmountOrZero, ExpectedVersion, Id, IdText, Int } from '../../wire/numbers.ts';
import { ExternalId, Name, Password } from '../../wire/text.ts';
import { patchOf } from '../patch.ts';

/** A new player, with a password to log in with where one is given. */
export const createPlayer = write({
  code: 2,
  name: 'player.create',
  permission: 'player:create',
  http: 'POST /players',
  summary: 'A new player',
  input: z.strictObject({ name: Name, externalId: ExternalId.optional(), attributes: JsonObject.optional(), password: Password.optional() }),
  output: Player,
  owner: 'none',
  idempotent: 'no',
  changes: { player: 'unknown', credential: 'unknown' },
  // Hashing takes a good part of a tenth of a second: no transaction waits for it.
  prepare: async (_, { name, password }) => (password === undefined ? undefined : hashNew(password, name)),
  handle: async ({ players, logins }, { name, externalId, attributes }, passwordHash) => {
    const row = await players.create({ name, externalId, attributes });
    if (passwordHash !== undefined) await logins.create(row.id, row.name, passwordHash);
    return row;
  },
});

/** Changes a player; a deleted one stays as it is. */
export const updatePlayer = write({
  code: 3,
  name: 'player.update',
  permission: 'player:update',
  http: 'PATCH /players/:id',
  summary: 'Change a player',
  input: z.strictObject({
    id: Id,
    name: Name.optional(),
    level: Int.optional(),
    experience: AmountOrZero.optional(),
    status: z.enum(['active', 'banned']).optional(),
    attributes: JsonObject.optional(),
    expectedVersion: ExpectedVersion.optional(),
  }),
  output: Player,
  owner: 'none',
  idempotent: 'no',
  changes: { player: ({ id }) => id, credential: ({ id }) => id },
  // Bans and pardons; progress is no matter for the log.
  audit: { when: ({ status }) => status !== undefined },
  handle: async ({ players, logins }, { id, expectedVersion, ...fields }) => {
    const row = await players.update(id, patchOf(fields), expectedVersion);
    if (fields.name !== undefined) await logins.rename(id, fields.name);
    if (fields.status === 'banned') await logins.endAccess(id);
    return row;
  },
});

/** Deletes a player: the row and its ledgers stay, the log-in is gone, the status is final. */
export const deletePlayer = write({
  code: 5,
  name: 'player.delete',
  permission: 'player:delete',
  http: 'DELETE /players/:id',
  summary: 'Delete a player (soft)',
  input: z.strictObject({ id: Id, expectedVersion: ExpectedVersion.optional() }),
  output: z.object({ id: IdText, deleted: z.literal(true) }),
  owner: 'none',
  idempotent: 'no',
  changes: { player: ({ id }) => id, credential: ({ id }) => id },
  audit: true,
  handle: async ({ players, logins }, { id, expectedVersion }) => {
    if ((await players.require(id, { forUpdate: true })).status === 'deleted') throw invalidTransition('player', id, 'deleted', 'delete');
    await players.update(id, { status: 'deleted' }, expectedVersion);
    await logins.remove(id);
    await logins.endAccess(id);
    return { id, deleted: true as const };
  },
});

/** @throws {MidgardError} 2001: a password that many have, or that is the name */
async function hashNew(password: string, name: string): Promise<string> {
  const fault = await passwordFault(password, { words: [name] });
  if (fault !== undefined) throw invalidInput([{ path: 'password', message: fault, expected: 'at least 8 characters that nobody would guess first' }]);
  return hashPassword(password);
}
