import { AmountText, defineEntity, id, IdText, textColumn, updatedAt, version } from '@midgard/game-kit';
import { z } from 'zod';

/** Something of a player that is counted and only grows: monsters slain, steps walked. */
export const playerCounter = defineEntity('player_counter', {
  columns: { playerId: id(), name: textColumn(32), value: id(), version: version(), updatedAt: updatedAt() },
  key: ['playerId', 'name'],
});

/** A player's counters on the wire, by name. */
export const Counters = z.object({ playerId: IdText, counters: z.record(z.string(), AmountText) });
