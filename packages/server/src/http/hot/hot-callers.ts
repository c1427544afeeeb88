import type { Principal } from '@midgard/auth';
import type { Authenticator } from '../../authenticator.ts';
import type { Dispatcher } from '../../dispatcher.ts';
import type { HotOperation, HotRules } from '../../hot/hot-rules.ts';
import type { Session } from '../../session.ts';
import type { Peer } from './peers.ts';
import type { RequestForm } from './request-form.ts';

/** Somebody who asks, and what they were last found to be allowed, by which version of the rules. */
interface HotCaller {
  readonly session: Session;
  allowed: HotOperation | null;
  allowedBy: number;
}

/** What {@link HotCallers} is made of. */
export interface HotCallersParts {
  readonly dispatcher: Pick<Dispatcher, 'openSession' | 'hotRules'>;
  readonly authenticator: Authenticator;
}

/** The sessions of those who asked lately. What they showed is looked at anew with each request; what follows from it is kept. */
export class HotCallers {
  readonly #dispatcher: HotCallersParts['dispatcher'];
  readonly #rules: HotRules;
  readonly #authenticator: Authenticator;
  /** By what the authenticator answers, which it makes anew when it has looked anew. */
  readonly #callers = new WeakMap<Principal, HotCaller>();

  constructor({ dispatcher, authenticator }: HotCallersParts) {
    this.#dispatcher = dispatcher;
    this.#rules = dispatcher.hotRules;
    this.#authenticator = authenticator;
  }

  /** @returns the caller's session, if this operation is theirs to ask for now, whatever its input; else the full way says why not */
  admit(form: RequestForm, peer: Peer, operation: HotOperation): Session | undefined {
    const principal = this.#recall(form, peer);
    if (principal === undefined) return undefined;
    const caller = this.#callerOf(principal);
    return this.#rules.admits(caller.session) && this.#mayAsk(caller, operation) ? caller.session : undefined;
  }

  #recall({ apiKey, authorization }: RequestForm, peer: Peer): Principal | undefined {
    if (apiKey !== undefined && authorization !== undefined) return undefined;
    const value = apiKey ?? authorization;
    if (value === undefined) return undefined;
    // The same on the same connection: of a key not even a hash is needed.
    if (apiKey !== undefined && peer.shown === apiKey && peer.principal !== undefined && this.#authenticator.recallsStill?.(peer.principal) === true)
      return peer.principal;
    const principal = this.#look(apiKey === undefined ? 'authorization' : 'x-api-key', value);
    peer.shown = apiKey;
    peer.principal = principal;
    return principal;
  }

  #look(header: 'authorization' | 'x-api-key', value: string): Principal | undefined {
    try {
      return this.#authenticator.recallHttp?.(header, value);
    } catch {
      return undefined;
    }
  }

  #callerOf(principal: Principal): HotCaller {
    const known = this.#callers.get(principal);
    if (known !== undefined) return known;
    // Where each of its requests comes from is told with the request.
    const caller: HotCaller = { session: this.#dispatcher.openSession(principal, 'http'), allowed: null, allowedBy: -1 };
    this.#callers.set(principal, caller);
    return caller;
  }

  /** Callers ask for one thing again and again, so what is known of the last one decides nearly always. */
  #mayAsk(caller: HotCaller, operation: HotOperation): boolean {
    const { version } = this.#rules;
    if (caller.allowed === operation && caller.allowedBy === version) return true;
    if (!this.#rules.allows(caller.session, operation)) return false;
    caller.allowed = operation;
    caller.allowedBy = version;
    return true;
  }
}
