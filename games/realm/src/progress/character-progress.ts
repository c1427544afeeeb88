import { AmountText, createdAt, defineEntity, id, IdText, updatedAt, version } from '@midgard/game-kit';
import { z } from 'zod';

/** The experience of a character, beside the standard row that holds its level. */
export const characterProgress = defineEntity('character_progress', {
  columns: { characterId: id(), experience: id(), version: version(), createdAt: createdAt(), updatedAt: updatedAt() },
  key: ['characterId'],
});

/** Where a character stands on the curve, on the wire. */
export const Progress = z.object({
  characterId: IdText,
  level: z.int(),
  experience: AmountText,
  /** What is still missing to the next level; null at the highest. */
  missing: AmountText.nullable(),
  levelsGained: z.int(),
});
