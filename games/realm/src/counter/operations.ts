import { Amount, AmountText, Id, IdText, read, slug, writeBehind } from '@midgard/game-kit';
import { z } from 'zod';
import { Counters, playerCounter } from './counter.ts';

const addToCounter = writeBehind({
  code: 132,
  name: 'counter.add',
  summary: 'Count something of a player',
  permission: 'counter:write',
  http: 'POST /players/:playerId/counters/:name',
  input: z.object({ playerId: Id, name: slug(32), amount: Amount }),
  output: z.object({ playerId: IdText, name: z.string(), added: AmountText }),
  owner: 'none',
  idempotent: 'optional',
  event: null,
  changes: { player_counter: ({ playerId }) => playerId },
  prepare: ({ read: inSnapshot }, { playerId }) => inSnapshot(({ players }) => players.requireActive(playerId)),
  defer: (deferral, { playerId, name, amount }) => {
    deferral.add(playerCounter, { playerId, name, value: amount }, ['value']);
    return { playerId, name, added: amount };
  },
});

const readCounters = read({
  code: 133,
  name: 'counter.list',
  summary: "A player's counters",
  permission: 'counter:read',
  http: 'GET /players/:playerId/counters',
  input: z.object({ playerId: Id }),
  output: Counters,
  owner: ({ playerId }) => playerId,
  cache: { entity: 'player_counter', key: ({ playerId }) => playerId },
  handle: async ({ players, session }, { playerId }) => {
    await players.require(playerId);
    const rows = await session.dao(playerCounter).find({ where: { playerId } });
    return { playerId, counters: Object.fromEntries(rows.map(({ name, value }) => [name, value])) };
  },
});

/** Counters are raised all the time, and ten raises are as good as one by ten: they are written behind. */
export const counterOperations = [addToCounter, readCounters] as const;
