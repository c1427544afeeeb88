import { z } from 'zod';
import { Player, player, PlayerStatus } from '../../entities/player.ts';
import { read } from '../../define-operation.ts';
import { listOf, paging } from '../../wire/list.ts';
import { Id, queryInt } from '../../wire/numbers.ts';
import { text } from '../../wire/text.ts';
import { page } from '../page.ts';
import { playerTags } from '../player-tags.ts';

/** One player; a deleted one is still told, with its status. */
export const getPlayer = read({
  code: 1,
  name: 'player.get',
  permission: 'player:read',
  http: 'GET /players/:id',
  summary: 'One player',
  input: z.strictObject({ id: Id }),
  output: Player,
  owner: ({ id }) => id,
  cache: { entity: player.name, key: ({ id }) => id, tags: playerTags },
  handle: ({ players }, { id }) => players.require(id),
});

/** The players of a game; deleted ones only where the status asks for them. */
export const listPlayers = read({
  code: 4,
  name: 'player.list',
  permission: 'player:read',
  http: 'GET /players',
  summary: 'Players by name, status and level',
  input: z.strictObject({
    name: text(1, 64).optional(),
    status: PlayerStatus.optional(),
    minLevel: queryInt(0, 2 ** 31 - 1).optional(),
    sort: z.enum(['id', 'level', 'createdAt']).default('id'),
    ...paging,
  }),
  output: listOf(Player),
  owner: 'none',
  handle: ({ session }, { name, status, minLevel, sort, limit, cursor }) =>
    page(session, player, cursor, {
      where: {
        ...(name === undefined ? {} : { name: { startsWith: name } }),
        status: status ?? { ne: 'deleted' },
        ...(minLevel === undefined ? {} : { level: { gte: minLevel } }),
      },
      orderBy: sort,
      limit,
    }),
});
