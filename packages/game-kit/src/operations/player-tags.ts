import type { JsonValue } from '@midgard/errors';
import { z } from 'zod';

const Owned = z.union([z.object({ playerId: z.string() }).transform(({ playerId }) => playerId), z.object({ id: z.string() }).transform(({ id }) => id)]);

/**
 * Tags of an answer about a player or something of a player's: `player:<id>`, so that an operator can drop all that is cached of one.
 *
 * @param answer with `playerId`, or of a player itself with `id`
 */
export function playerTags(answer: JsonValue): readonly string[] {
  const { data } = Owned.safeParse(answer);
  return data === undefined ? [] : [`player:${data}`];
}

/** The same tag for an answer that does not say whose it is, such as a list. */
export function ownerTags(_answer: JsonValue, { playerId }: { readonly playerId: bigint }): readonly string[] {
  return [`player:${playerId}`];
}
