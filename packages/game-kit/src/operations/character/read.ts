import { z } from 'zod';
import { read } from '../../define-operation.ts';
import { Character, character } from '../../entities/character.ts';
import { listOf, paging } from '../../wire/list.ts';
import { Id } from '../../wire/numbers.ts';
import { page } from '../page.ts';
import { ownerTags, playerTags } from '../player-tags.ts';

/** One character; a deleted one is not found. */
export const getCharacter = read({
  code: 10,
  name: 'character.get',
  permission: 'character:read',
  http: 'GET /characters/:id',
  summary: 'One character',
  input: z.strictObject({ id: Id }),
  output: Character,
  owner: async ({ id }, { characters }) => (await characters.require(id)).playerId,
  cache: { entity: character.name, key: ({ id }) => id, tags: playerTags },
  handle: ({ characters }, { id }) => characters.require(id),
});

/** A player's characters, without the deleted ones. */
export const listCharacters = read({
  code: 13,
  name: 'character.list',
  permission: 'character:read',
  http: 'GET /players/:playerId/characters',
  summary: "A player's characters",
  input: z.strictObject({ playerId: Id, ...paging }),
  output: listOf(Character),
  owner: ({ playerId }) => playerId,
  cache: { entity: character.name, by: 'playerId', key: ({ playerId }) => playerId, tags: ownerTags },
  handle: async ({ players, session }, { playerId, limit, cursor }) => {
    await players.require(playerId);
    return page(session, character, cursor, { where: { playerId, deletedAt: null }, limit });
  },
});
