import type { LoginThrottleOptions, Principal } from '@midgard/auth';
import type { Database, Session } from '@midgard/dao';
import type { JsonValue } from '@midgard/errors';
import type { AuditOptions } from '../audit/operation-audit.ts';
import type { Clock } from '../clock.ts';
import type { GameLog, IdSource } from '../context.ts';
import type { Operation } from '../operation.ts';
import type { TokenIssuer } from '../repositories/logins.ts';
import type { RevocationSink } from '../revocations/revocation-feed.ts';
import type { Timers } from '../write-behind/timers.ts';
import type { WriteBehindOptions } from '../write-behind/write-behind.ts';
import type { ReadCacheOptions } from './read-cache.ts';
import type { HeldAnswer } from './held-answer.ts';
import type { ParsedInput } from './validate.ts';

/** Hears what a runtime does. Called at once, so it must be quick, and must not throw. */
export interface RuntimeListener {
  /** A write was committed; `changes` are the rows that it wrote, by entity and the value that names the cached thing: none where a first answer was repeated. */
  committed?(event: {
    readonly operation: Operation;
    readonly input: ParsedInput;
    readonly changes: Session['changes'];
    /** As it goes over the wire; undefined where the write was refused, and what it noted of that was committed. */
    readonly output: JsonValue | undefined;
  }): void;
  /** Acknowledged writes were made in the database, by one transaction and for no request. */
  flushed?(event: { readonly writes: number; readonly rows: number; readonly durationMs: number }): void;
}

/** Where a call came from, as far as its front end knows. */
export interface CallOrigin {
  readonly transport?: string | undefined;
  /** The peer's. */
  readonly address?: string | undefined;
  readonly requestId?: string | number | undefined;
}

/** What a `GameRuntime` is built from. */
export interface GameRuntimeOptions {
  /** The game's own database; the runtime does not close it. */
  readonly database: Database;
  /** `IdGenerator` of @midgard/dao; instances of one game need different instance numbers. */
  readonly ids: IdSource;
  /** `Tokens` of @midgard/auth; without it the game has no log-in. */
  readonly tokens?: TokenIssuer | undefined;
  /** Hears of access tokens that end before their time, whichever instance ended them; the same that `tokens` asks. Without it they live on. */
  readonly revocations?: RevocationSink | undefined;
  readonly clock?: Clock;
  /** How long an access token lives, seconds; default 900. */
  readonly accessTtlSeconds?: number;
  /** How long a refresh token lives, seconds; default 30 days. */
  readonly refreshTtlSeconds?: number;
  /** How wrong passwords make an account wait; false: they do not. Default: as `LoginThrottle` of @midgard/auth. */
  readonly loginThrottle?: false | Omit<LoginThrottleOptions, 'clock'>;
  /** Where the answers of cached reads are kept, and how long. */
  readonly cache?: ReadCacheOptions;
  readonly log?: GameLog;
  /** For what is done again and again; default: those of the process. */
  readonly timers?: Timers;
  readonly listener?: RuntimeListener;
  /** Which chain of the audit log this instance writes, and who signs it; false: no audit log. Default: chain 0, unsigned. */
  readonly audit?: false | AuditOptions;
  /** The durable log that write-behind operations are acknowledged from; without it they are ordinary writes. */
  readonly writeBehind?: WriteBehindOptions | undefined;
}

/** One call of an operation. */
export interface ExecuteRequest {
  readonly operation: Operation;
  /** As it was decoded from the wire. */
  readonly input: unknown;
  /** Whose permission the front end has checked; null where nobody logged in, which only public operations allow. */
  readonly caller: Principal | null;
  /** For the audit log, and the address for counting wrong passwords. */
  readonly origin?: CallOrigin | undefined;
  /** Aborts when the caller's time is over. */
  readonly signal?: AbortSignal | undefined;
  /** Told, before the answer, where this process holds it: of a cached read that was answered from there, or is held from now on. Must not throw. */
  readonly held?: ((answer: HeldAnswer) => void) | undefined;
}
