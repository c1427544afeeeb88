import { defineEntity, defineGame, Id, IdText, read, standardEntities, standardOperations, textColumn, write, id, version } from '@midgard/game-kit';
import { z } from 'zod';

/**
 * Where a player can be written to. The address is looked up when somebody has forgotten his name, so it is searchable; the note is not.
 * Nothing that the standard entities hold is of this kind: `externalId` is a pseudonym of an identity provider, and looked up at each log-in.
 */
export const mailAddress = defineEntity('mail_address', {
  columns: {
    playerId: id(),
    address: textColumn(128).encrypted({ searchable: true }),
    note: textColumn(1000).encrypted().nullable(),
    version: version(),
  },
  key: ['playerId'],
  indexes: [{ on: ['address'], unique: true }],
});

const Address = z.object({ playerId: IdText, address: z.string(), note: z.string().nullable(), version: z.number() });
/** One form for all: what is encrypted is found by equal bytes alone. */
const Mail = z.email().max(128).toLowerCase();

const setAddress = write({
  code: 100,
  name: 'mail.set',
  permission: 'player:update',
  http: 'PUT /players/:playerId/mail',
  input: z.object({ playerId: Id, address: Mail, note: z.string().max(1000).nullable().default(null) }),
  output: z.object({ playerId: IdText }),
  owner: 'none',
  // Its answer would be kept for the next call of the key, as plain text: so it tells nothing.
  idempotent: 'optional',
  changes: { mail_address: ({ playerId }) => playerId },
  handle: async ({ session, players }, { playerId, address, note }) => {
    await players.requireActive(playerId);
    await session.dao(mailAddress).upsert({ playerId, address, note });
    return { playerId };
  },
});

const getAddress = read({
  code: 101,
  name: 'mail.get',
  permission: 'player:read',
  http: 'GET /players/:playerId/mail',
  input: z.object({ playerId: Id }),
  output: Address,
  owner: ({ playerId }) => playerId,
  // No cache: it would hold the answer as plain text, in the process and in Redis.
  handle: async ({ session }, { playerId }) => (await session.dao(mailAddress).get(playerId)) ?? { playerId, address: '', note: null, version: 0 },
});

const findByAddress = read({
  code: 102,
  name: 'mail.find',
  permission: 'player:read',
  http: 'GET /mail/:address',
  input: z.object({ address: Mail }),
  output: z.object({ items: z.array(Address) }),
  owner: 'none',
  handle: async ({ session }, { address }) => ({ items: [...(await session.dao(mailAddress).find({ where: { address } }))] }),
});

export default defineGame({
  manifest: { id: 'mail', number: 12, version: '1.0.0', title: 'Mail' },
  entities: [...standardEntities, mailAddress],
  operations: [...standardOperations(), setAddress, getAddress, findByAddress],
});
