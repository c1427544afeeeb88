import { mayCall } from '@midgard/auth';
import { type Operation, ownerCheck } from '@midgard/game-kit';
import type { Budgets } from '../budgets.ts';
import type { RequestTracing } from '../request/request-tracing.ts';
import type { Rights } from '../rights.ts';
import type { GameRoute, GameRouter } from '../router.ts';
import type { Session } from '../session.ts';
import type { Shedding } from '../shedding.ts';

/** A cached read of a game that runs: what may be answered without asking the game. */
export interface HotOperation {
  readonly route: GameRoute;
  readonly operation: Operation;
  /** Game number and operation code, as they stand in a frame's header. */
  readonly target: number;
}

/** What decides about requests; parts of the dispatcher, so that both ways follow the same rules. */
export interface HotRulesParts {
  readonly router: GameRouter;
  readonly rights: Rights;
  readonly budgets: Budgets;
  readonly shedding: Shedding;
  readonly tracing: RequestTracing | undefined;
  /** Whether a session is good for nothing any more: it has expired, or was revoked. */
  readonly isOver: (session: Session) => boolean;
}

/**
 * Says what may be answered on the hot way: only what would go well on the full way. Whatever is refused, followed, or in doubt goes there, so
 * that there is one place that refuses.
 */
export class HotRules {
  readonly #parts: HotRulesParts;
  readonly #operations = new Map<number, HotOperation | null>();
  #routesVersion = -1;

  constructor(parts: HotRulesParts) {
    this.#parts = parts;
  }

  /** Counts up with every change of what {@link allows} says. */
  get version(): number {
    return this.#parts.rights.version + this.#parts.router.version;
  }

  /** Counts up whenever a game comes, goes, or is replaced: answers of before are of no use then. */
  get routesVersion(): number {
    return this.#parts.router.version;
  }

  /** Whether requests of this session may go the hot way now; to be asked once for what arrives at once. */
  admits(session: Session): boolean {
    return !this.#parts.shedding.isOn && !session.isAnonymous && !this.#parts.isOver(session);
  }

  /** Whether the next request is to be followed through the service: then it goes the full way. */
  follows(): boolean {
    return this.#parts.tracing?.choosesNext() === true;
  }

  /** @returns null where there is no such cached read, or it has a limit of its own. O(1) */
  operation(target: number): HotOperation | null {
    if (this.#routesVersion !== this.routesVersion) {
      this.#operations.clear();
      this.#routesVersion = this.routesVersion;
    }
    const known = this.#operations.get(target);
    if (known !== undefined) return known;
    const found = this.#find(target);
    // What does not exist is not noted: clients could make up 4 billion of them.
    if (found !== null) this.#operations.set(target, found);
    return found;
  }

  /** Whether a session may ask for this, whatever the input. */
  allows(session: Session, { route, operation }: HotOperation): boolean {
    const { principal } = session;
    const { name, permission, isPublic } = operation;
    if (!session.mayUseGame(route.id) || !mayCall(principal, name)) return false;
    if (permission !== null && !isPublic && !session.may(permission, route.id)) return false;
    try {
      // A check that needs the input is the full way's.
      return ownerCheck(operation, {}, principal) === undefined;
    } catch {
      return false;
    }
  }

  #find(target: number): HotOperation | null {
    const route = this.#parts.router.find(target >>> 16);
    const operation = route?.operation(target & 0xffff);
    if (route === undefined || operation?.kind !== 'read' || operation.cache === undefined) return null;
    return this.#parts.budgets.ofOperation(operation.name) === undefined ? { route, operation, target } : null;
  }
}
