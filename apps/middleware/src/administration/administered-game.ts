import type { Coherence } from '@midgard/cache';
import {
  type AnswerCache,
  type AuditSubject,
  entryKey,
  type ExecuteRequest,
  type GameEvents,
  type GameHandler,
  type GameRuntime,
  MidgardError,
  type Operation,
  ownerCheck,
  type ParsedInput,
  parseInput,
  type PublicConfig,
} from '@midgard/game-kit';
import type { ServedGame } from '@midgard/server';
import type { z } from 'zod';
import { auditSearch, auditSearchInput } from '../audit/audit-operations.ts';
import { cacheInputs, cacheOperations } from '../cache/cache-operations.ts';
import type { KeyAdministration } from './key-administration.ts';
import { keyedRead } from '../cache/keyed-read.ts';

/** Loads at the same time; the database has others to serve. */
const warmedAtOnce = 16;

/** Does what an operation says, from its raw input. */
export type Run = (input: unknown, request: ExecuteRequest) => Promise<unknown>;

/** What {@link AdministeredGame} reaches besides the game. */
export interface AdministrationParts {
  /** What the game's caches are shared by. */
  readonly coherence: Pick<Coherence, 'state' | 'waiting'>;
  readonly keys: Pick<KeyAdministration, 'operationsOf'>;
  /** Hears of each request to the game itself that went well. Default: nobody does. */
  readonly served?: (request: ExecuteRequest) => void;
}

/**
 * A game with the operations on its cache, its audit log and the API keys for it beside its own. Those on cache and log are noted in that log,
 * but for the figures; those on keys in the service's.
 */
export class AdministeredGame implements ServedGame {
  readonly handler: Pick<GameHandler, 'manifest' | 'operations'>;
  readonly publicConfig: PublicConfig;
  readonly events: GameEvents;
  readonly #runtime: GameRuntime;
  readonly #served: (request: ExecuteRequest) => void;
  readonly #coherence: Pick<Coherence, 'state' | 'waiting'>;
  /** The cached operations by entity. */
  readonly #cached: ReadonlyMap<string, readonly Operation[]>;
  readonly #own = new Map<Operation, Run>();

  /**
   * @param runtime the game itself
   * @param parts what else the operations work on
   */
  constructor(runtime: GameRuntime, { coherence, keys, served = () => undefined }: AdministrationParts) {
    const { manifest, operations } = runtime.handler;
    this.publicConfig = runtime.publicConfig;
    this.events = runtime.events;
    this.#runtime = runtime;
    this.#served = served;
    this.#coherence = coherence;
    this.#cached = Map.groupBy(
      operations.filter(({ cache }) => cache !== undefined && runtime.caches().has(cache.entity)),
      ({ cache }) => cache?.entity ?? '',
    );
    const { stats, look, drop, clear, clearTag, warm } = cacheOperations;
    // Figures only, and asked for by the minute: no matter for the audit log.
    this.#own.set(stats, async (raw) => cacheInputs.none.parse(parseInput(stats, raw)) && this.#stats());
    this.#on(look, cacheInputs.key, ({ entity, key }) => this.#look(entity, key));
    this.#on(drop, cacheInputs.key, async ({ entity, key }) => ({ everywhere: await this.#cacheOf(entity).delete(...this.#keysOf(entity, key)) }));
    this.#on(clear, cacheInputs.entity, async ({ entity }) => ({ everywhere: await this.#cacheOf(entity).clear() }));
    this.#on(clearTag, cacheInputs.tag, ({ tag }) => this.#clearTag(tag));
    this.#on(warm, cacheInputs.keys, ({ entity, keys }, { caller }) => this.#warm(entity, keys, caller));
    this.#on(auditSearch, auditSearchInput, async (search) => auditSearch.output.parse(await runtime.searchAudit(search)));
    for (const [operation, run] of keys.operationsOf(manifest.id)) this.#own.set(operation, run);
    this.handler = { manifest, operations: [...operations, ...this.#own.keys()] };
  }

  async execute(request: ExecuteRequest): Promise<unknown> {
    const own = this.#own.get(request.operation);
    if (own !== undefined) return this.#administer(own, request);
    const answer = await this.#runtime.execute(request);
    this.#served(request);
    return answer;
  }

  orderKeys(operation: Operation, input: unknown): readonly string[] {
    return this.#own.has(operation) ? [] : this.#runtime.orderKeys(operation, input);
  }

  async #administer(run: Run, request: ExecuteRequest): Promise<unknown> {
    // The runtime holds players to their own; this is nobody's but the operators', whatever other roles a player's token has.
    ownerCheck(request.operation, {}, request.caller);
    return run(request.input, request);
  }

  #on<I>(operation: Operation, schema: z.ZodType<I>, run: (input: I, request: ExecuteRequest) => unknown): void {
    this.#own.set(operation, async (raw, request) => {
      const input = parseInput(operation, raw);
      // The raw one again, for its type: what was parsed once may hold dates.
      const parsed = schema.parse(raw ?? {});
      // First, so that nothing is done without its entry.
      await this.#runtime.noteAct(request, subjectOf(input));
      return run(parsed, request);
    });
  }

  #stats(): unknown {
    const { state, waiting } = this.#coherence;
    const entities = [...this.#runtime.caches()].map(([entity, cache]) => {
      const { entries, evictions, memory, shared, loader, stale, none } = cache.stats();
      const operations = (this.#cached.get(entity) ?? []).map(({ name }) => name);
      return { entity, operations, entries, evictions, answers: { memory, shared, loader, stale, none } };
    });
    return { state, waiting, entities };
  }

  async #look(entity: string, key: string): Promise<unknown> {
    const operations = this.#cached.get(entity) ?? [];
    const found = await this.#cacheOf(entity).findMany(this.#keysOf(entity, key));
    return { kept: operations.map(({ name }, at) => ({ operation: name, source: found[at]?.source ?? null, value: found[at]?.value ?? null })) };
  }

  async #clearTag(tag: string): Promise<unknown> {
    const told = await Promise.all([...this.#runtime.caches().values()].map((cache) => cache.deleteTags(tag)));
    return { everywhere: told.every(Boolean) };
  }

  /** Asks for each key as its readers do, so that what is cached is what they get. */
  async #warm(entity: string, keys: readonly string[], caller: ExecuteRequest['caller']): Promise<unknown> {
    this.#cacheOf(entity);
    const operations = this.#cached.get(entity) ?? [];
    const reads = operations.flatMap((operation) => keys.flatMap((key) => keyedRead(this.#runtime, operation, key) ?? []));
    let failed = 0;
    const waiting = reads.values();
    const work = async (): Promise<void> => {
      for (const { operation, input } of waiting) await this.#runtime.execute({ operation, input, caller }).catch(() => (failed += 1));
    };
    await Promise.all(Array.from({ length: warmedAtOnce }, work));
    return { warmed: reads.length - failed, failed };
  }

  #keysOf(entity: string, key: string): readonly string[] {
    return (this.#cached.get(entity) ?? []).map(({ name }) => entryKey(name, key));
  }

  /** @throws {MidgardError} 2004: nothing of this entity is cached */
  #cacheOf(entity: string): AnswerCache {
    const cache = this.#runtime.caches().get(entity);
    if (cache === undefined) throw new MidgardError('notFound', `nothing of "${entity}" is cached`);
    return cache;
  }
}

/** What an operator's act is about, by the names that its input has. */
function subjectOf({ entity, key, tag, subject }: ParsedInput): AuditSubject | undefined {
  if (typeof tag === 'string') return { entity: 'tag', key: tag };
  if (typeof entity !== 'string') return undefined;
  const name = key ?? subject;
  return { entity, key: typeof name === 'string' ? name : '' };
}
