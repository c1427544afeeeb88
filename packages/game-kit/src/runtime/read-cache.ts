import { isDeepStrictEqual } from 'node:util';
import { type Codec, Coherence, jsonCodec, type KeyFilter, TieredCache, type TieredCacheListener } from '@midgard/cache';
import type { Entity, RowChange } from '@midgard/dao';
import { type JsonValue, MidgardError } from '@midgard/errors';
import type { Clock } from '../clock.ts';
import { optionalFields } from '../define-operation.ts';
import type { GameHandler } from '../game.ts';
import type { Operation } from '../operation.ts';
import { notFound } from '../refusals.ts';
import { type CachePolicies, completePolicy } from './cache-policy.ts';
import type { HeldAnswer } from './held-answer.ts';
import type { ParsedInput } from './validate.ts';

/** What the cached reads of a game are kept with. */
export interface ReadCacheOptions {
  /** The instances that it shares with; default: nobody. Whoever made it starts and closes it. */
  readonly coherence?: Coherence | undefined;
  /** Differences from the standard, by entity. */
  readonly policies?: CachePolicies | undefined;
  /** Makes what knows which keys of an entity certainly do not exist, so that asking for them costs nothing; undefined: nobody knows. */
  readonly knownKeysOf?: ((entity: string) => KeyFilter | undefined) | undefined;
  /** Makes who hears of an entity's cache. */
  readonly listenerOf?: ((entity: string) => TieredCacheListener) | undefined;
}

/** Answers about one entity; `undefined` stands for "there is no such thing". */
export type AnswerCache = TieredCache<JsonValue | undefined>;

/** What one operation keeps: its answers by the key of its rule. */
export interface OperationCache {
  /**
   * The answer to this key, from wherever it is, or from this load. That the thing does not exist is remembered, too, for a short time.
   *
   * @param held told where it is held, if it is
   * @throws {MidgardError} 2002, and what the load throws
   */
  get(key: string, load: () => Promise<JsonValue>, held?: (answer: HeldAnswer) => void): Promise<JsonValue>;
}

type CachedGame = Pick<GameHandler, 'manifest' | 'entities' | 'operations'>;

/** An operation whose answers are kept, by values of this column. */
interface KeptAnswers {
  readonly operation: Operation;
  readonly column: string;
}

/** The answers of cached reads, by entity, operation and key; what a commit changed falls for every operation on that entity, in every instance. */
export class ReadCache {
  readonly #byEntity = new Map<string, AnswerCache>();
  readonly #kept = new Map<string, readonly KeptAnswers[]>();
  /** By operation, the fields besides those of its path, as they are when nobody gives them. */
  readonly #whenLeftOut = new Map<string, readonly (readonly [field: string, value: unknown])[]>();
  readonly #isShared: boolean;

  /** @param game whose operations with a cache rule are cached */
  constructor({ manifest, entities, operations }: CachedGame, options: ReadCacheOptions & { readonly clock: Clock }) {
    const { coherence = new Coherence(), policies = {}, knownKeysOf, listenerOf, clock } = options;
    this.#isShared = coherence.state !== 'alone';
    const codec = versionedCodec(manifest.version);
    for (const entity of entities) {
      const policy = completePolicy(entity.name, policies);
      const kept = keptAnswers(entity, operations);
      if (policy === undefined || kept.length === 0) continue;
      for (const { operation } of kept) this.#whenLeftOut.set(operation.name, whenLeftOut(operation));
      const filter = knownKeysOf?.(entity.name);
      const tiered = new TieredCache<JsonValue | undefined>({
        space: `${manifest.id}:${entity.name}`,
        coherence,
        memory: policy.memory,
        policy: policy.tiers,
        codec,
        clock,
        listener: listenerOf?.(entity.name) ?? {},
        ...(filter === undefined ? {} : { knownKeys: ofRows(filter, entity, kept) }),
      });
      this.#kept.set(entity.name, kept);
      this.#byEntity.set(entity.name, tiered);
    }
  }

  /** Whether other instances may find here what this one loads: then it must have seen all that they have written. */
  get isShared(): boolean {
    return this.#isShared;
  }

  /** @returns undefined where answers of this operation are not kept, or not those to this input: it asks for more than its path says */
  of({ name, cache }: Operation, input: ParsedInput): OperationCache | undefined {
    const tiered = cache === undefined ? undefined : this.#byEntity.get(cache.entity);
    if (cache === undefined || tiered === undefined) return undefined;
    for (const [field, whenLeftOut] of this.#whenLeftOut.get(name) ?? []) if (input[field] !== whenLeftOut) return undefined;
    return {
      async get(key, load, held) {
        const answer = await tiered.getOrLoad(entryKey(name, key), async (_entry, call) => {
          const loaded = await orMissing(load, cache.entity, key);
          if (cache.tags !== undefined && loaded !== undefined) call.keep({ tags: cache.tags(loaded, input) });
          return loaded;
        });
        if (answer === undefined) throw notFound(cache.entity, key);
        if (held !== undefined) tellHeld(tiered, entryKey(name, key), answer, held);
        return answer;
      },
    };
  }

  /**
   * Drops what was written; call it after the commit, and let nobody hear of the write before it is done.
   *
   * Never rejects: where other instances cannot be told now, they are as soon as they can be.
   */
  async drop(changes: readonly RowChange[]): Promise<void> {
    if (changes.length === 0) return;
    const byEntity = Map.groupBy(changes, ({ entity }) => entity);
    await Promise.all([...byEntity].map(([entity, changed]) => this.#dropOf(entity, changed)));
  }

  /** The cache of each entity, for operators. */
  entities(): ReadonlyMap<string, AnswerCache> {
    return this.#byEntity;
  }

  async #dropOf(entity: string, changed: readonly RowChange[]): Promise<void> {
    const kept = this.#kept.get(entity) ?? [];
    const keys = changed.flatMap((change) =>
      kept.flatMap(({ operation, column }) => (column === change.column ? [entryKey(operation.name, change.cacheKey)] : [])),
    );
    await this.#byEntity.get(entity)?.delete(...keys);
  }
}

/** The key under which an operation's answer is kept in the cache of its entity. */
export function entryKey(operation: string, key: string): string {
  return `${operation}:${key}`;
}

/** The way back from {@link entryKey}: names of operations have no colon. */
export function entryParts(entry: string): { readonly operation: string; readonly key: string } {
  const end = entry.indexOf(':');
  return { operation: entry.slice(0, end), key: entry.slice(end + 1) };
}

/** Of an answer that was replaced since, or is not kept, nothing is told. */
function tellHeld(cache: AnswerCache, key: string, answer: JsonValue, held: (answer: HeldAnswer) => void): void {
  const grip = cache.grip(key);
  if (grip !== undefined && grip.value === answer) held({ answer, cache, grip });
}

/** The operations whose answers about an entity are kept, and under which of its columns. */
function keptAnswers({ name, cacheBy }: Entity, operations: readonly Operation[]): readonly KeptAnswers[] {
  return operations.flatMap((operation) => {
    const { cache } = operation;
    return cache?.entity === name ? [{ operation, column: cache.by ?? cacheBy[0] }] : [];
  });
}

/** The fields besides those of its path, as they are when nobody gives them. */
function whenLeftOut({ http, input }: Operation): readonly (readonly [field: string, value: unknown])[] {
  return [...optionalFields(http, input)].map(([field, { data }]) => [field, data]);
}

/** A filter of an entity's rows, asked about keys of entries; it knows nothing of what is kept under another column. */
function ofRows(filter: KeyFilter, { cacheBy }: Entity, kept: readonly KeptAnswers[]): KeyFilter {
  const others = new Set(kept.flatMap(({ operation, column }) => (column === cacheBy[0] ? [] : [operation.name])));
  return {
    mightExist(entry) {
      const { operation, key } = entryParts(entry);
      return others.has(operation) || filter.mightExist(key);
    },
    add(entry) {
      const { operation, key } = entryParts(entry);
      if (!others.has(operation)) filter.add(key);
    },
    distrust: () => filter.distrust(),
  };
}

/**
 * Undefined where the load says that this very thing does not exist. What it says of another is not kept: the key under which it would be
 * does not fall when that one comes to be.
 */
async function orMissing(load: () => Promise<JsonValue>, entity: string, key: string): Promise<JsonValue | undefined> {
  try {
    return await load();
  } catch (error) {
    if (MidgardError.is(error) && error.errorName === 'notFound' && isDeepStrictEqual(error.details, { entity, id: key })) return undefined;
    throw error;
  }
}

/**
 * Answers as JSON behind the version of the game that gave them: another version may answer otherwise, and must not read them, though both
 * must hear of each other's writes while one takes the other's place.
 */
function versionedCodec(version: string): Codec<JsonValue | undefined> {
  const head = Buffer.from(`${version}\n`);
  const json = jsonCodec<JsonValue | undefined>();
  return {
    encode: (value) => Buffer.concat([head, json.encode(value)]),
    decode(bytes) {
      if (head.compare(bytes, 0, head.length) !== 0) throw new RangeError('an answer of another version of the game');
      return json.decode(bytes.subarray(head.length));
    },
  };
}
