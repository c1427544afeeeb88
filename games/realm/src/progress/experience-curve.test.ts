import { openGame } from '@midgard/game-kit/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { realm } from '../realm.ts';
import { levelAt } from './curve.ts';

const Curve = z.object({ maxLevel: z.int(), experienceByLevel: z.array(z.string().regex(/^\d+$/)) });

test('by the published curve a client finds the level that the game grants', async () => {
  await using game = await openGame(realm);
  const document = game.runtime.publicConfig.get('experience-curve');
  const { maxLevel, experienceByLevel } = Curve.parse(JSON.parse(new TextDecoder().decode(document?.bytes)));
  expect(experienceByLevel).toHaveLength(maxLevel);
  for (const experience of [0n, 99n, 100n, 12_345n, 247_499n, 247_500n, 10n ** 12n]) {
    expect(experienceByLevel.filter((needed) => BigInt(needed) <= experience).length).toBe(levelAt(experience));
  }
});
