import { Amount, type GameContext, Id, Reason, write } from '@midgard/game-kit';
import { z } from 'zod';
import { characterProgress, Progress } from './character-progress.ts';
import { experienceFor, levelAt, MAX_LEVEL } from './curve.ts';

/** Gives a character experience, and the levels that it is worth. */
export const gainExperience = write({
  code: 100,
  name: 'character.gainExperience',
  summary: 'Give a character experience; levels follow the curve',
  permission: 'character:update',
  http: 'POST /characters/:id/experience',
  input: z.object({ id: Id, amount: Amount, reason: Reason }),
  output: Progress,
  owner: 'none',
  idempotent: 'required',
  changes: { character: ({ id }) => id, character_progress: ({ id }) => id },
  handle: async (ctx, { id, amount }) => {
    const character = await ctx.characters.require(id, { forUpdate: true });
    const experience = await addExperience(ctx, id, amount);
    const level = Math.max(character.level, levelAt(experience));
    if (level > character.level) await ctx.characters.update(id, { level });
    const missing = level < MAX_LEVEL ? experienceFor(level + 1) - experience : null;
    return { characterId: id, level, experience, missing, levelsGained: level - character.level };
  },
});

async function addExperience({ session }: GameContext, characterId: bigint, amount: bigint): Promise<bigint> {
  const progress = session.dao(characterProgress);
  // One statement that inserts or adds: who looks first keeps others from inserting beside him.
  await progress.addMany([{ characterId, experience: amount }], ['experience']);
  return (await progress.get({ characterId }))?.experience ?? amount;
}
