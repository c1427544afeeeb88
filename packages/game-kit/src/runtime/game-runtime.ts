import { LoginThrottle } from '@midgard/auth';
import type { Database, Page, Session } from '@midgard/dao';
import type { JsonValue } from '@midgard/errors';
import { MidgardError, toMidgardError } from '@midgard/errors';
import { OperationAudit } from '../audit/operation-audit.ts';
import { type AuditSearch, searchAudit } from '../audit/search-audit.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { GameLog } from '../context.ts';
import { auditEntry } from '../entities/audit.ts';
import { CONTRACT_VERSION, type GameHandler } from '../game.ts';
import { EventFeed } from '../events/event-feed.ts';
import type { GameEvents } from '../events/game-event.ts';
import { GameKitError } from '../game-kit-error.ts';
import { type LedgerReport, ledgerReport } from '../ledger-report.ts';
import type { AuditSubject, Operation } from '../operation.ts';
import { PublicConfig } from '../public-config/public-config.ts';
import { RevocationFeed } from '../revocations/revocation-feed.ts';
import { processTimers } from '../write-behind/timers.ts';
import { settleKeys } from '../write-behind/settling.ts';
import { WriteBehind, type WriteBehindFigures } from '../write-behind/write-behind.ts';
import type { Call } from './call.ts';
import { changedKeys, readKeys } from './changed-keys.ts';
import { CommittedRefusal } from './committed-refusal.ts';
import { Contexts } from './contexts.ts';
import { encodeOutput } from './encode.ts';
import { orTimeout } from './or-timeout.ts';
import { ownerCheck } from './owner.ts';
import type { ExecuteRequest, GameRuntimeOptions } from './runtime-options.ts';
import { type AnswerCache, ReadCache } from './read-cache.ts';
import { Snapshots } from './snapshots.ts';
import { type ParsedInput, parseInput } from './validate.ts';
import { Writes } from './writes.ts';

const ACCESS_TTL_SECONDS = 900;
const REFRESH_TTL_SECONDS = 30 * 24 * 3600;

const silentLog: GameLog = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * Runs one game on one database: validation, ownership, cache, idempotency, hooks, transaction, outbox, encoding.
 *
 * A write is acknowledged when it is committed and every cached answer that it outdated is gone. Whether the caller has
 * the operation's permission is the front end's to check, once a session and not once a call.
 *
 * @example
 * ```ts
 * import { IdGenerator, openDatabase } from '@midgard/dao';
 * import { defineGame, GameRuntime, standardEntities, standardOperations } from '@midgard/game-kit';
 *
 * const game = defineGame({ manifest: { id: 'demo', number: 9, version: '1.0.0', title: 'Demo' }, entities: standardEntities, operations: standardOperations() });
 * const runtime = new GameRuntime(game, { database: await openDatabase('sqlite:data/demo.db'), ids: new IdGenerator({ instance: 0 }) });
 * await runtime.start();
 * ```
 */
export class GameRuntime {
  readonly handler: GameHandler;
  /** Loaded by {@link start}; may be replaced while the game runs. */
  readonly publicConfig: PublicConfig;
  /** What happens in the game, for those who listen. */
  readonly events: GameEvents;
  readonly #feed: EventFeed;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #contexts: Contexts;
  readonly #operations = new Map<number | string, Operation>();
  /** For what is cached, where others will find it: it must have seen what they have written. */
  readonly #loads: Snapshots | undefined;
  readonly #cache: ReadCache;
  readonly #writeBehind: WriteBehind | undefined;
  readonly #revocations: RevocationFeed | undefined;
  readonly #audit: OperationAudit | undefined;
  readonly #writes: Writes;
  /** Inputs that were parsed to find their order keys, so that `execute` need not do it again. */
  readonly #parsed = new WeakMap<object, { readonly operation: Operation; readonly input: ParsedInput }>();
  readonly #running = new Set<Promise<unknown>>();
  #state: 'new' | 'started' | 'stopped' = 'new';

  /** @throws {GameKitError} `ERR_GAME_CONTRACT`: the game was built for another version of the contract */
  constructor(handler: GameHandler, options: GameRuntimeOptions) {
    const { revocations: sink, timers = processTimers } = options;
    const { database, ids, tokens, clock = systemClock, log = silentLog, listener = {}, cache = {}, audit = {}, loginThrottle = {} } = options;
    const { accessTtlSeconds = ACCESS_TTL_SECONDS, refreshTtlSeconds = REFRESH_TTL_SECONDS } = options;
    const { contract, manifest, operations } = handler;
    if (contract !== CONTRACT_VERSION) {
      throw new GameKitError('ERR_GAME_CONTRACT', `${manifest.id} was built for contract ${contract}; this middleware has contract ${CONTRACT_VERSION}`);
    }
    this.handler = handler;
    this.publicConfig = new PublicConfig(handler.publicConfig ?? {});
    const feed = new EventFeed({ database, clock, timers, log });
    this.#feed = feed;
    this.events = feed;
    this.#database = database;
    this.#clock = clock;
    const logins = { game: manifest.id, tokens, accessTtlSeconds, refreshTtlSeconds };
    this.#contexts = new Contexts(
      handler,
      database,
      { game: manifest, ids, log, logins },
      loginThrottle === false ? undefined : new LoginThrottle({ ...loginThrottle, clock }),
    );
    this.#cache = new ReadCache(handler, { ...cache, clock });
    this.#loads = this.#cache.isShared ? new Snapshots(database, 'newest') : undefined;
    this.#writeBehind =
      options.writeBehind === undefined
        ? undefined
        : new WriteBehind(options.writeBehind, {
            database,
            clock,
            gameLog: log,
            entities: handler.entities,
            made: (things) => this.#made(things),
            flushed: (event) => {
              listener.flushed?.(event);
              feed.nudge();
            },
          });
    this.#revocations = sink === undefined ? undefined : new RevocationFeed({ game: manifest.id, database, sink, clock, timers, log });
    this.#audit = audit === false ? undefined : new OperationAudit(audit, { database, game: manifest.id, clock, log });
    this.#writes = new Writes({
      handler,
      database,
      contexts: this.#contexts,
      cache: this.#cache,
      committed: (event) => {
        listener.committed?.(event);
        feed.nudge();
      },
      writeBehind: this.#writeBehind,
      revocations: this.#revocations,
      audit: this.#audit,
    });
    for (const operation of operations) this.#operations.set(operation.code, operation).set(operation.name, operation);
  }

  /**
   * Loads the public configuration, brings the database's tables to the game's entities, and takes up acknowledged writes that an earlier
   * life left in the log.
   *
   * @param options.migrates false where somebody else has brought the tables there (default true)
   * @throws {DaoError} what `migrate` throws
   * @throws {GameKitError} `ERR_GAME_STATE`: database and log do not fit together; `ERR_GAME_CONFIG`: a public document could not be loaded
   */
  async start({ migrates = true }: { readonly migrates?: boolean } = {}): Promise<void> {
    await this.publicConfig.load();
    if (migrates) await this.#database.migrate(this.handler.entities);
    await this.#revocations?.start();
    if (this.#isAudited()) await this.#audit?.start();
    await this.#writeBehind?.start();
    this.#state = 'started';
  }

  /**
   * Refuses what comes from now on (1008), waits for what runs, and makes acknowledged writes that wait. The database stays open.
   *
   * @param options.graceMs milliseconds for these; what is left then stays in the log for the next start (default 10 000)
   */
  async stop({ graceMs = 10_000 }: { readonly graceMs?: number } = {}): Promise<void> {
    const isFirst = this.#state === 'started';
    this.#state = 'stopped';
    await Promise.allSettled(this.#running);
    this.#revocations?.stop();
    this.#feed.stop();
    if (!isFirst) return;
    await this.#writeBehind?.stop(graceMs);
    if (this.#isAudited()) await this.#audit?.stop();
  }

  /** What is kept of cached reads, by entity. */
  caches(): ReadonlyMap<string, AnswerCache> {
    return this.#cache.entities();
  }

  /** What write-behind does and holds; undefined where there is none. O(1). */
  writeBehindFigures(): WriteBehindFigures | undefined {
    return this.#writeBehind?.figures();
  }

  /** @returns the operation of that code or name, undefined where the game has none */
  operation(codeOrName: number | string): Operation | undefined {
    return this.#operations.get(codeOrName);
  }

  /**
   * Runs an operation.
   *
   * @returns the output as it goes over the wire: JSON values only; frozen where it is shared with the cache
   * @throws {MidgardError} and nothing else
   */
  async execute(request: ExecuteRequest): Promise<unknown> {
    try {
      this.#requireStarted();
      const running = this.#run(request);
      this.#running.add(running);
      try {
        return await running;
      } finally {
        this.#running.delete(running);
      }
    } catch (error) {
      throw error instanceof CommittedRefusal ? error.refusal : toMidgardError(error);
    }
  }

  /**
   * What a write will change, as far as its input tells, such as `player:42`: writes that share a key must keep their order.
   *
   * @returns nothing for a read or a bad input; never throws
   */
  orderKeys(operation: Operation, input: unknown): readonly string[] {
    if (operation.kind === 'read') return [];
    try {
      const parsed = this.#parse(operation, input);
      return changedKeys(operation, parsed).map(({ entity, key }) => `${entity}:${key}`);
    } catch {
      return [];
    }
  }

  /**
   * Notes a sensitive operation that somebody else answers, such as an operator's: to be called before it is done, so that nothing is done
   * without its entry.
   *
   * @param request the call
   * @param subject what it is done to
   * @throws {MidgardError} 2001; or the entry could not be written
   */
  async noteAct({ operation, input: raw, caller, origin }: ExecuteRequest, subject?: AuditSubject): Promise<void> {
    const input = this.#parse(operation, raw);
    const call = { operation, input, caller, origin, now: new Date(this.#clock.now()) };
    await this.#audit?.note(call, { outcome: 0, subject, told: { input } });
  }

  /**
   * Finds entries of the game's audit log, the newest first.
   *
   * @throws {MidgardError} 2001: the cursor is of another search
   */
  async searchAudit(search: AuditSearch): Promise<Page<typeof auditEntry>> {
    return this.#database.read((session) => searchAudit(session, search));
  }

  /** Holds every balance against its ledger and every order against its states. O(rows); for `doctor`, not for the hot path. */
  ledgerReport(): Promise<LedgerReport> {
    return ledgerReport(this.#database);
  }

  async #run({ operation, input: raw, caller, origin, signal, held }: ExecuteRequest): Promise<unknown> {
    const call = { operation, input: this.#parse(operation, raw), caller, origin, signal, held, now: new Date(this.#clock.now()) };
    if (signal?.aborted === true) throw new MidgardError('timeout', '', { cause: signal.reason });
    return operation.kind === 'read' ? this.#read(call) : this.#writes.make(call);
  }

  async #read(call: Call): Promise<JsonValue> {
    const { operation, input, caller, signal } = call;
    const requireOwner = ownerCheck(operation, input, caller);
    const cache = this.#cache.of(operation, input);
    if (cache === undefined) {
      await settleKeys(this.#writeBehind, readKeys(operation, input), signal);
      return this.#contexts.inSnapshot(call, async (context) => {
        await requireOwner?.(context);
        return encodeOutput(operation, await operation.handle(context, input, undefined));
      });
    }
    if (requireOwner !== undefined) await this.#contexts.inSnapshot(call, requireOwner);
    // The load is everybody's who asks for this key meanwhile: one caller's time-out must not end it.
    const load = { ...call, caller: null, signal: undefined, held: undefined };
    const answer = async (): Promise<JsonValue> => {
      await settleKeys(this.#writeBehind, readKeys(operation, input), undefined);
      return this.#contexts.inSnapshot(load, async (context) => encodeOutput(operation, await operation.handle(context, input, undefined)), this.#loads);
    };
    const loaded = cache.get(String(operation.cache?.key(input)), answer, call.held);
    return signal === undefined ? loaded : orTimeout(loaded, signal);
  }

  /** Other instances could read what was before a write-behind write until it was made, so they are told again. */
  #made(things: Session['changes']): void {
    if (this.#cache.isShared) void this.#cache.drop(things);
  }

  #parse(operation: Operation, raw: unknown): ParsedInput {
    if (typeof raw !== 'object' || raw === null) return parseInput(operation, raw);
    const known = this.#parsed.get(raw);
    if (known?.operation === operation) return known.input;
    const input = parseInput(operation, raw);
    if (operation.kind === 'write') this.#parsed.set(raw, { operation, input });
    return input;
  }

  /** A game that brings no table for the log, and nothing sensitive, needs none. */
  #isAudited(): boolean {
    return this.handler.entities.some(({ name }) => name === auditEntry.name);
  }

  #requireStarted(): void {
    if (this.#state === 'stopped') throw new MidgardError('shuttingDown', '');
    if (this.#state === 'new') throw new GameKitError('ERR_GAME_STATE', `${this.handler.manifest.id} was not started`);
  }
}
