import type { Principal } from '@midgard/auth';
import type { Operation } from '@midgard/game-kit';
import type { Shedding } from '@midgard/server';

/** In a frame, as protocol.md has it. */
const lowPriority = 2;
const publicRoles: ReadonlySet<string> = new Set(['web', 'player']);

/**
 * What can be done without for a while: requests that their own sender calls of low priority, and reads of websites and players, who ask again.
 *
 * What a game server, a back office or an operator asks goes on, and so does every write of normal priority: a purchase that was begun is to
 * end. A player cannot get in by calling a read of high priority.
 */
export class LoadShedding implements Shedding {
  readonly #changed: (isOn: boolean) => void;
  #isOn = false;

  /** @param changed hears of each change, such as to tell other workers */
  constructor(changed: (isOn: boolean) => void = () => undefined) {
    this.#changed = changed;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  set isOn(isOn: boolean) {
    if (isOn === this.#isOn) return;
    this.#isOn = isOn;
    this.#changed(isOn);
  }

  sheds({ kind }: Pick<Operation, 'kind'>, caller: Pick<Principal, 'kind' | 'roles'>, priority: number): boolean {
    return priority === lowPriority || (kind === 'read' && isPublic(caller));
  }
}

function isPublic({ kind, roles }: Pick<Principal, 'kind' | 'roles'>): boolean {
  return kind === 'player' || (roles.length > 0 && roles.every((role) => publicRoles.has(role)));
}
