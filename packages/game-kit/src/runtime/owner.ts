import type { Principal } from '@midgard/auth';
import { MidgardError } from '@midgard/errors';
import type { GameContext } from '../context.ts';
import type { Operation, OwnerPolicy } from '../operation.ts';
import type { ParsedInput } from './validate.ts';

/** A check that needs the database: it throws where the caller may not. */
export type OwnerCheck = (context: GameContext) => Promise<void>;

/**
 * The rule of player tokens: a player may do what an operation's policy allows to that player, and nothing else.
 *
 * @returns undefined where the caller may go on; a check to run where only the rows can tell
 * @throws {MidgardError} 3001 where nobody logged in; 3004 where no player, or none without an id, may call it
 */
export function ownerCheck({ isPublic, owner }: Operation, input: ParsedInput, caller: Principal | null): OwnerCheck | undefined {
  if (isPublic) return undefined;
  if (caller === null) throw new MidgardError('notAuthenticated', '');
  if (!isPlayer(caller) || owner === 'any') return undefined;
  const { playerId } = caller;
  if (owner === undefined || owner === 'none' || playerId === null) throw notYours();
  return (context) => requireOwner(owner, input, context, playerId);
}

async function requireOwner(owner: Exclude<OwnerPolicy<ParsedInput>, string>, input: ParsedInput, context: GameContext, playerId: bigint): Promise<void> {
  let ownerId: bigint;
  try {
    ownerId = await owner(input, context);
  } catch (error) {
    // Which ids exist is none of a player's business.
    if (MidgardError.is(error, 'notFound')) throw notYours();
    throw error;
  }
  if (ownerId !== playerId) throw notYours();
}

// Either sign is enough: a principal that is a player in one respect must not pass as a service in the other.
function isPlayer({ kind, roles, playerId }: Principal): boolean {
  return kind === 'player' || playerId !== null || roles.includes('player');
}

function notYours(): MidgardError {
  return new MidgardError('notPermitted', 'not yours');
}
