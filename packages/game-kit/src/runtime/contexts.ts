import type { LoginThrottle } from '@midgard/auth';
import type { Database } from '@midgard/dao';
import type { GameContext, Preparation } from '../context.ts';
import type { GameHandler } from '../game.ts';
import type { Call } from './call.ts';
import { OperationContext, type OwnParts, type SharedParts } from './operation-context.ts';
import { type Snapshot, Snapshots } from './snapshots.ts';

/** Makes what the handlers of a game work with: in a transaction, in a snapshot that reads of the same tick share, or before either. */
export class Contexts {
  readonly shared: SharedParts;
  readonly #handler: GameHandler;
  readonly #snapshots: Snapshots;
  readonly #loginThrottle: LoginThrottle | undefined;

  constructor(handler: GameHandler, database: Database, shared: SharedParts, loginThrottle: LoginThrottle | undefined) {
    this.#handler = handler;
    this.shared = shared;
    this.#snapshots = new Snapshots(database);
    this.#loginThrottle = loginThrottle;
  }

  /** Of one session. */
  of({ caller, now, signal, session, rows }: OwnParts): GameContext {
    const context = new OperationContext(this.shared, { caller, now, signal, session, rows });
    return Object.assign(context, this.#handler.extendContext(context));
  }

  /**
   * Lets somebody read.
   *
   * @param snapshots which; default: those that see what this process has written
   */
  inSnapshot<T>(own: Omit<OwnParts, 'session' | 'rows'>, work: (context: GameContext) => T | Promise<T>, snapshots = this.#snapshots): Promise<T> {
    return snapshots.read(({ session, rows }: Snapshot) => work(this.of({ ...own, session, rows })), own.signal);
  }

  /** For what a write does before its transaction. */
  preparation({ caller, origin, now, signal }: Pick<Call, 'caller' | 'origin' | 'now' | 'signal'>): Preparation {
    const { game, log } = this.shared;
    const { login } = this.#handler.hooks;
    const read: Preparation['read'] = (work) => this.inSnapshot({ caller, now, signal }, work);
    return { game, log, caller, origin, now, signal, login, loginThrottle: this.#loginThrottle, read };
  }
}
