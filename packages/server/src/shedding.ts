import type { Principal } from '@midgard/auth';
import { MidgardError } from '@midgard/errors';
import type { Operation } from '@midgard/game-kit';

/** Decides what is refused (1005) while there is too much to do. Asked at every request to a game, so both must be quick. */
export interface Shedding {
  /** Whether anything is refused now. */
  readonly isOn: boolean;
  /**
   * Whether this request is refused; asked only while {@link isOn}.
   *
   * @param priority what the client said of it in the frame: 0 normal, 1 high, 2 low; over HTTP 0
   */
  sheds(operation: Operation, caller: Principal, priority: number): boolean;
}

/** The default: everything is tried. */
export const noShedding: Shedding = { isOn: false, sheds: () => false };

/** What is shed is to be asked for again not sooner than this. */
const retryAfterMs = 2000;

/** @throws {MidgardError} 1005: it is shed */
export function requireCapacity(shedding: Shedding, operation: Operation, caller: Principal, priority = 0): void {
  if (!shedding.isOn || !shedding.sheds(operation, caller, priority)) return;
  throw new MidgardError('overloaded', 'there is too much to do: try again later', { details: { retryAfterMs } });
}
