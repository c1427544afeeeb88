import { errorNameOf, errorTable } from '@midgard/errors';
import { LOST, NOT_SENT, type Outcome, UNANSWERED, UNREADABLE } from './traffic/link.ts';

const names: ReadonlyMap<Outcome, string> = new Map([
  [LOST, 'connection lost'],
  [UNANSWERED, 'unanswered'],
  [UNREADABLE, 'unreadable answer'],
  [NOT_SENT, 'due but not sent'],
]);

/** @returns how a request ended, for people: `1005 overloaded`, `connection lost` */
export function outcomeName(outcome: Outcome): string {
  const name = errorNameOf(outcome);
  return names.get(outcome) ?? (name === undefined ? String(outcome) : `${outcome} ${errorTable[name].title}`);
}
