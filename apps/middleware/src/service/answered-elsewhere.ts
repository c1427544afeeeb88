import { MidgardError } from '@midgard/game-kit';

/** Stands for the handler of an operation that no game answers, and so none that has a transaction. */
function answeredElsewhere(): never {
  throw new MidgardError('internal', 'an operation of the service reached a game');
}

/** What operations on the service have in common: no player is their owner, and they touch no row. */
export const looking = { owner: 'none', handle: answeredElsewhere } as const;

/** And of those that change something. */
export const changing = { ...looking, idempotent: 'no', event: null, changes: {} } as const;
