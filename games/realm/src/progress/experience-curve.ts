import { configDocument } from '@midgard/game-kit';
import { experienceFor, MAX_LEVEL } from './curve.ts';

/**
 * The curve for game clients, which draw the bar to the next level: at index n − 1 the experience, in all, for level n, as digits.
 * Made from the function that grants the levels, so that the two cannot differ.
 */
export const experienceCurve = configDocument({
  maxLevel: MAX_LEVEL,
  experienceByLevel: Array.from({ length: MAX_LEVEL }, (_, index) => String(experienceFor(index + 1))),
});
