import type { Database, Session } from '@midgard/dao';
import { type JsonValue, MidgardError } from '@midgard/errors';
import type { AuditedAttempt, OperationAudit } from '../audit/operation-audit.ts';
import type { GameContext } from '../context.ts';
import { outbox } from '../entities/bookkeeping.ts';
import { tokenRevocation } from '../entities/credential.ts';
import type { GameHandler } from '../game.ts';
import type { RevocationFeed } from '../revocations/revocation-feed.ts';
import { deferOperation } from '../write-behind/defer-operation.ts';
import { changedThings } from '../write-behind/pending-writes.ts';
import { pendingAnswer, settleKeys } from '../write-behind/settling.ts';
import type { WriteBehind } from '../write-behind/write-behind.ts';
import type { Call } from './call.ts';
import { changedKeys, changesOf } from './changed-keys.ts';
import { CommittedRefusal } from './committed-refusal.ts';
import type { Contexts } from './contexts.ts';
import { encodeOutput, hashInput } from './encode.ts';
import { claimKey, firstAnswer, giveBackKey, IdempotencyKeys, type KeyedWrite, storeAnswer } from './idempotency.ts';
import { ownerCheck } from './owner.ts';
import type { ReadCache } from './read-cache.ts';
import type { RuntimeListener } from './runtime-options.ts';

/** What {@link Writes} works with. */
export interface WritesParts {
  readonly handler: GameHandler;
  readonly database: Database;
  readonly contexts: Contexts;
  readonly cache: ReadCache;
  readonly committed: NonNullable<RuntimeListener['committed']>;
  /** Undefined: every write is made at once. */
  readonly writeBehind: WriteBehind | undefined;
  readonly revocations: RevocationFeed | undefined;
  readonly audit: OperationAudit | undefined;
}

/** The way of a write: its idempotency key, its transaction or the durable log, and what others must know of it before it is acknowledged. */
export class Writes {
  readonly #parts: WritesParts;
  readonly #keys = new IdempotencyKeys();

  constructor(parts: WritesParts) {
    this.#parts = parts;
  }

  /**
   * Makes a write.
   *
   * @returns its output, or the one of the first time that its idempotency key came
   */
  async make(call: Call): Promise<JsonValue> {
    try {
      return await this.#write(call);
    } catch (error) {
      await this.#parts.audit?.noteRefusal(call, error);
      throw error;
    }
  }

  async #write(call: Call): Promise<JsonValue> {
    const { contexts, writeBehind } = this.#parts;
    const { operation, caller } = call;
    const { idempotencyKey: key, ...input } = call.input;
    const bare = { ...call, input };
    // Refused as early as can be: a player without any right to this must not cost a transaction.
    const requireOwner = ownerCheck(operation, input, caller);
    const isDeferred = operation.isWriteBehind && writeBehind !== undefined;
    if (isDeferred && requireOwner !== undefined) await contexts.inSnapshot(bare, requireOwner);
    const prepared = await operation.prepare(contexts.preparation(bare), input);
    const work = (keyed?: KeyedWrite): Promise<JsonValue> => (isDeferred ? this.#defer(bare, prepared, keyed) : this.#transact(bare, prepared, keyed));
    if (typeof key !== 'string') return work();
    const keyed = { key, operation: operation.name, inputHash: hashInput(input) };
    return this.#keys.guard(key, async () => pendingAnswer(writeBehind, keyed) ?? work(keyed));
  }

  async #defer(call: Call, prepared: unknown, keyed: KeyedWrite | undefined): Promise<JsonValue> {
    const { contexts, writeBehind, cache, committed } = this.#parts;
    const { operation, input, caller, now, signal } = call;
    const { game, ids } = contexts.shared;
    if (keyed !== undefined) {
      const first = await contexts.inSnapshot(call, (context) => firstAnswer(context, keyed));
      if (first !== undefined) return first;
    }
    if (signal?.aborted === true) throw new MidgardError('timeout', '', { cause: signal.reason });
    const write = deferOperation({ operation, input, prepared, keyed }, { game, ids, caller, now });
    await writeBehind?.take(write);
    const changes = changedThings(write);
    // From here on a read waits for the write to be made; what was cached before it must not be given any more.
    await cache.drop(changes);
    committed({ operation, input, changes, output: write.output });
    return write.output;
  }

  async #transact(call: Call, prepared: unknown, keyed: KeyedWrite | undefined): Promise<JsonValue> {
    const { database, contexts, writeBehind, cache, revocations, audit, committed } = this.#parts;
    const { operation, input, signal } = call;
    // A direct write comes after what was acknowledged before it: else a late one would bury it.
    await settleKeys(writeBehind, changedKeys(operation, input), signal);
    // One for each attempt: on a server the work runs again where others were in its way.
    const attempts: Session[] = [];
    let outcome: JsonValue | CommittedRefusal;
    let changes: Session['changes'];
    const audited = audit?.begin(call);
    let isCommitted = false;
    try {
      outcome = await database.transaction(
        (session) => {
          attempts.push(session);
          const attempt = audited?.attempt(session);
          return this.#work(call, contexts.of({ ...call, session: attempt?.session ?? session, rows: undefined }), { prepared, keyed, audited: attempt });
        },
        // After a connection that was lost at the commit only the key tells whether the write was made: without one nobody may try again.
        { isRepeatable: keyed !== undefined, ...(signal === undefined ? {} : { signal }) },
      );
      isCommitted = true;
    } finally {
      audited?.over(isCommitted);
      // Also after a failure, and of every attempt: a commit whose end nobody saw may have happened.
      changes = changesOf(attempts);
      await cache.drop(changes);
    }
    // Here it counts before the answer, and does not wait for the next look.
    if (changes.some(({ entity }) => entity === tokenRevocation.name)) await revocations?.look();
    committed({ operation, input, changes, output: outcome instanceof CommittedRefusal ? undefined : outcome });
    if (outcome instanceof CommittedRefusal) throw outcome;
    return outcome;
  }

  async #work(
    { operation, input, caller }: Call,
    context: GameContext,
    { prepared, keyed, audited }: { readonly prepared: unknown; readonly keyed: KeyedWrite | undefined; readonly audited: AuditedAttempt | undefined },
  ): Promise<JsonValue | CommittedRefusal> {
    const { name, event } = operation;
    const { session, ids } = context;
    await ownerCheck(operation, input, caller)?.(context);
    const first = keyed === undefined ? undefined : await claimKey(session, keyed);
    if (first !== undefined) return first;
    try {
      const { before, after } = this.#parts.handler.hooks;
      const changed = (await before[name]?.(context, input, undefined)) ?? input;
      const result = await operation.handle(context, changed, prepared);
      await after[name]?.(context, changed, result);
      const output = encodeOutput(operation, result);
      if (keyed !== undefined) await storeAnswer(session, keyed, output);
      if (event !== null) await session.dao(outbox).insert({ id: ids.next(), event, payload: output });
      await audited?.finish();
      return output;
    } catch (error) {
      // Returned and not thrown, so that the transaction commits what the handler noted of the refused attempt.
      if (!(error instanceof CommittedRefusal)) throw error;
      if (keyed !== undefined) await giveBackKey(session, keyed);
      await audited?.finish(error.refusal);
      return error;
    }
  }
}
