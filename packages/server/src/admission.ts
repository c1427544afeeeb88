import { mayCall, type Principal } from '@midgard/auth';
import { MidgardError } from '@midgard/errors';
import type { Operation } from '@midgard/game-kit';
import type { Budgets } from './budgets.ts';
import type { Clock } from './clock.ts';
import type { HubRights } from './events/event-hub.ts';
import type { Transport } from './metrics.ts';
import { quote } from './quote.ts';
import type { Rights } from './rights.ts';
import { Session, withoutLimit } from './session.ts';

/** What {@link Admission} is made of. */
interface AdmissionParts {
  readonly rights: Rights;
  readonly budgets: Budgets;
  readonly revocations: { isRevoked(principal: Principal): boolean } | undefined;
  readonly clock: Clock;
}

/** Decides whether callers may ask for what they ask for: by who they are, how much they ask for, and what they may do. */
export class Admission implements HubRights {
  readonly #rights: Rights;
  readonly #budgets: Budgets;
  readonly #revocations: AdmissionParts['revocations'];
  readonly #clock: Clock;

  constructor({ rights, budgets, revocations, clock }: AdmissionParts) {
    this.#rights = rights;
    this.#budgets = budgets;
    this.#revocations = revocations;
    this.#clock = clock;
  }

  /** Compiles what a caller may do. */
  openSession(principal: Principal, transport: Transport, address: string): Session {
    return new Session({ principal, permissionsIn: this.#rights.of(principal), transport, address, budget: this.#budgets.ofCaller(principal) });
  }

  /** True once what the caller showed has been revoked. */
  isRevoked(principal: Principal): boolean {
    return this.#revocations?.isRevoked(principal) === true;
  }

  /** @returns why the session is over, if it is: 3002, 3003 */
  refusalOf(session: Session): MidgardError | undefined {
    if (session.hasExpired(this.#clock.now())) return new MidgardError('tokenExpired', 'the token or key has expired');
    // Also of a request that was let in and whose body took its time.
    return this.isRevoked(session.principal) ? revoked() : undefined;
  }

  /**
   * Requires that the session is not over, and takes one request from its budget.
   *
   * @throws {MidgardError} 3002, 3003, 3005
   */
  admit(session: Session): void {
    const refusal = this.refusalOf(session);
    if (refusal !== undefined) throw refusal;
    const { allowed, retryAfterMs } = session.takeRate();
    if (!allowed) throw new MidgardError('rateLimited', 'too many requests', { details: { retryAfterMs } });
  }

  /** Whether a caller has a permission in a game. */
  may(session: Session, permission: string, gameId: string): boolean {
    // Registered, so that the answer is a bit test from the second time on.
    this.#rights.register(permission);
    return session.may(permission, gameId);
  }

  /** Whether a caller has a permission in a game, with a key that is also good for the operation `read`. */
  mayRead(session: Session, gameId: string, { permission, read }: { readonly permission: string; readonly read: string }): boolean {
    return mayCall(session.principal, read) && this.may(session, permission, gameId);
  }

  /** @throws {MidgardError} 3004: the caller is none of this game's */
  requireGame(session: Session, gameId: string): void {
    if (!session.mayUseGame(gameId)) throw new MidgardError('notPermitted', `no access to game ${quote(gameId)}`);
  }

  /** @throws {MidgardError} 3001, 3004 */
  requirePermission(session: Session, gameId: string, { name, permission, isPublic }: Operation): void {
    if (!mayCall(session.principal, name)) throw new MidgardError('notPermitted', `the key is not for ${name}`);
    if (isPublic || permission === null) return;
    if (session.isAnonymous) throw new MidgardError('notAuthenticated', `${name} needs a key or a token`);
    if (!this.may(session, permission, gameId)) throw new MidgardError('notPermitted', `${name} needs ${permission}`, { details: { permission } });
  }

  /**
   * Takes one from what the caller may make of an operation that has a limit of its own. To be asked last: of callers who are refused anyway
   * nothing is counted.
   *
   * @throws {MidgardError} 3005
   */
  requireBudget({ principal }: Session, { name }: Operation): void {
    const { allowed, retryAfterMs } = this.#budgets.ofOperation(name)?.limiter.take(`${name}:${principal.subject}`) ?? withoutLimit;
    if (!allowed) throw new MidgardError('rateLimited', `too many of ${name}`, { details: { retryAfterMs, operation: name } });
  }
}

/** What ends a session whose token or key is good no more. */
export function revoked(): MidgardError {
  return new MidgardError('credentialInvalid', 'the token or key has been revoked');
}
