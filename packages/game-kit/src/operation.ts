import type { JsonValue } from '@midgard/errors';
import type { z } from 'zod';
import type { GameContext, Preparation } from './context.ts';
import type { Deferral } from './write-behind/deferred-change.ts';

/** A value, or a promise of it. */
export type Awaitable<T> = T | Promise<T>;

/** A row's key as the cache, the order of writes and the declared changes name it. */
export type EntityKey = bigint | string;

/**
 * Whether a player's token may call an operation.
 *
 * - a function: only the player whose id it gives; it may look into the database through the context
 * - `'any'`: every player, for what is nobody's own (a ranking, a log-in)
 * - `'none'`: no player; only services with the permission
 *
 * An operation that says nothing is refused to players.
 */
export type OwnerPolicy<Input, Context extends GameContext = GameContext> = 'any' | 'none' | OwnerLookup<Input, Context>['ownerOf'];

// Written as methods, since a method's parameters are compared both ways: any operation fits into a list of operations.
interface OwnerLookup<Input, Context> {
  ownerOf(input: Input, context: Context): Awaitable<bigint>;
}

interface KeyLookup<Input> {
  keysOf(input: Input): EntityKey | readonly EntityKey[];
}

/** Which entries of which entity a cached read is kept under. */
export interface CacheRule<Input> {
  readonly entity: string;
  /** Which of the entity's `cacheBy` columns the key is a value of; default: the first. The answer falls when a row with that value is written. */
  readonly by?: string;
  key(input: Input): EntityKey;
  /** Names by which an operator can drop answers together; `answer` is as it goes over the wire. None is empty. */
  tags?(answer: JsonValue, input: Input): readonly string[];
}

/** For each entity that a write changes, the keys, or `'unknown'` where only its run can tell (a new row's id). */
export type ChangesRule<Input> = { readonly [entity: string]: 'unknown' | KeyLookup<Input>['keysOf'] };

/** For each entity that a read looks at, the keys of what it looks at. */
export type ReadsRule<Input> = { readonly [entity: string]: KeyLookup<Input>['keysOf'] };

/** What an act was done to: the kind of a row and its key. */
export interface AuditSubject {
  readonly entity: string;
  readonly key: EntityKey;
}

interface AuditLookups<Input> {
  appliesTo(input: Input): boolean;
  subjectOf(input: Input): AuditSubject;
}

/** How a sensitive operation stands in the audit log. */
export interface AuditRule<Input> {
  /**
   * Which calls leave an entry. `done` (the default): what was made, and refusals that committed something; in the same transaction.
   * `refused`: refusals only, such as failed log-ins; those that commit nothing are noted in a transaction of their own. `all`: both.
   */
  readonly of?: 'done' | 'refused' | 'all';
  /** Which inputs are sensitive; default: all. */
  readonly when?: AuditLookups<Input>['appliesTo'];
  /** Default: the first key that `changes` names, else the first row that was written. */
  readonly subject?: AuditLookups<Input>['subjectOf'];
}

/** Whether a write takes an idempotency key: it must, it may, it has no such field. */
export type Idempotency = 'required' | 'optional' | 'no';

/** A schema of an operation's input: an object that refuses fields it does not know. */
export type InputSchema = z.ZodObject;

/**
 * One operation of a game, from which come the TCP operation, the REST route, the OpenAPI entry, the client's typed
 * method, validation, permission and cache rule. Made by {@link read} and {@link write}.
 *
 * The type parameters carry what only the type system needs: `Input` and `Output` as a client sees them (ids as
 * digits), `Parsed` and `Result` as the handler sees them (ids as bigint, times as Date).
 */
export interface Operation<Name extends string = string, Input = unknown, Output = unknown, Parsed = unknown, Result = unknown> {
  readonly kind: 'read' | 'write';
  /** 1–65535; a game's own from 100 on. */
  readonly code: number;
  readonly name: Name;
  /** What the caller needs; null for a public operation. */
  readonly permission: string | null;
  /** A public operation needs no log-in. */
  readonly isPublic: boolean;
  /** Method and path below `/api/v1/games/{game}`, path parameters as `:name`: they are fields of the input. */
  readonly http: string;
  /** One line for the reference pages. */
  readonly summary: string | undefined;
  /** Strict; has `idempotencyKey` and `expectedVersion` where the operation takes them. */
  readonly input: InputSchema;
  readonly output: z.ZodType;
  readonly idempotent: Idempotency;
  /** Whether the input has `expectedVersion`, so that `If-Match` can fill it. */
  readonly isVersioned: boolean;
  /** Topic of the outbox row that a write leaves; null leaves none. */
  readonly event: string | null;
  readonly owner: OwnerPolicy<Parsed> | undefined;
  readonly cache: CacheRule<Parsed> | undefined;
  readonly changes: ChangesRule<Parsed>;
  /** What must be in the database before this looks: acknowledged writes of these keys that still wait are made first. */
  readonly reads: ReadsRule<Parsed>;
  /** Of a sensitive operation: how it stands in the audit log. */
  readonly audit?: AuditRule<Parsed> | undefined;
  /** Acknowledged when it is in the durable log, and made in the database in a batch later. */
  readonly isWriteBehind: boolean;
  /** Slow work before the transaction begins (a password hash); its result is handed to `handle`. */
  prepare(preparation: Preparation, input: Parsed): Awaitable<unknown>;
  handle(context: GameContext, input: Parsed, prepared: unknown): Awaitable<unknown>;
  /** Of a write-behind operation: says what is to change and what the caller is told; touches nothing. */
  defer(deferral: Deferral, input: Parsed, prepared: unknown): unknown;
  /** Never set: holds the types for {@link OperationTypes}. */
  readonly types?: { readonly input: Input; readonly output: Output; readonly parsed: Parsed; readonly result: Result };
}

interface Definition<Name extends string, I extends InputSchema, O extends z.ZodType, C extends GameContext> {
  readonly code: number;
  readonly name: Name;
  /** Such as `'player:read'`; left out only with `public: true`. */
  readonly permission?: string;
  readonly public?: boolean;
  readonly http: string;
  readonly summary?: string;
  readonly input: I;
  readonly output: O;
  readonly owner?: OwnerPolicy<z.output<I>, C>;
}

/** What {@link read} takes. */
export interface ReadDefinition<Name extends string, I extends InputSchema, O extends z.ZodType, C extends GameContext> extends Definition<Name, I, O, C> {
  readonly cache?: CacheRule<z.output<I>>;
  /** What it looks at, where write-behind operations change that; a cached read looks at what it is kept under unless told. */
  readonly reads?: ReadsRule<z.output<I>>;
  handle(context: C, input: z.output<I>): Awaitable<z.input<O>>;
}

/** What both kinds of writes are told. */
export interface AnyWriteDefinition<
  Name extends string,
  I extends InputSchema,
  O extends z.ZodType,
  Key extends Idempotency,
  C extends GameContext,
  Prepared,
> extends Definition<Name, I, O, C> {
  readonly idempotent: Key;
  readonly changes: ChangesRule<z.output<I>>;
  /** Topic of the outbox row, the operation's name unless told; null where the output is secret or nobody's news. */
  readonly event?: string | null;
  /** Slow work and reads that must not hold up the transactions of others; what it gives is handed to `handle` or `defer`. */
  prepare?(preparation: Preparation<C>, input: z.output<I>): Awaitable<Prepared>;
}

/**
 * What {@link write} takes.
 *
 * On a database server writes run side by side, with the result of one after the other. Where one is in the way of another,
 * `handle` runs again from the beginning, with another context and the same `input` and `prepared`: it must leave these as
 * they are, and change nothing but through its context. A row that is read in order to be changed is read with
 * `{ forUpdate: true }`: else two that have read it wait for each other, and one of them runs for nothing.
 */
export interface WriteDefinition<
  Name extends string,
  I extends InputSchema,
  O extends z.ZodType,
  Key extends Idempotency,
  C extends GameContext,
  Prepared,
> extends AnyWriteDefinition<Name, I, O, Key, C, Prepared> {
  /** That each call leaves an entry in the audit log, in the same transaction: for what moves money or goods, or changes who may do what. Default: false. */
  readonly audit?: boolean | AuditRule<z.output<I>>;
  handle(context: C, input: z.output<I>, prepared: Prepared): Awaitable<z.input<O>>;
}

/** What {@link writeBehind} takes. */
export interface WriteBehindDefinition<
  Name extends string,
  I extends InputSchema,
  O extends z.ZodType,
  Key extends Idempotency,
  C extends GameContext,
  Prepared,
> extends AnyWriteDefinition<Name, I, O, Key, C, Prepared> {
  /** Says what is to change. Must not wait: the order of the log is the order of the changes. */
  defer(deferral: Deferral, input: z.output<I>, prepared: Prepared): z.input<O>;
}

/** The type of an operation that {@link read} or {@link write} made from these schemas. */
export type OperationOf<Name extends string, I extends InputSchema, O extends z.ZodType> = Operation<Name, z.input<I>, z.output<O>, z.output<I>, z.input<O>>;

/** A write's schema takes an idempotency key besides its own fields. */
export type WriteOperationOf<Name extends string, I extends InputSchema, O extends z.ZodType, Key extends Idempotency> = Operation<
  Name,
  z.input<I> & (Key extends 'required' ? { idempotencyKey: string } : Key extends 'optional' ? { idempotencyKey?: string | undefined } : unknown),
  z.output<O>,
  z.output<I>,
  z.input<O>
>;

/**
 * By name, the input and output of each operation of a game as a client sees them.
 *
 * @example
 * ```ts
 * import { defineGame, type OperationTypes, standardEntities, standardOperations } from '@midgard/game-kit';
 *
 * const realm = defineGame({ manifest: { id: 'realm', number: 2, version: '1.0.0', title: 'Realm' }, entities: standardEntities, operations: standardOperations() });
 * type Player = OperationTypes<typeof realm>['player.get']['output'];
 * ```
 */
export type OperationTypes<Game extends { readonly operations: readonly { readonly name: string; readonly types?: unknown }[] }> = {
  [O in Game['operations'][number] as O['name']]: O extends { readonly types?: { readonly input: infer Input; readonly output: infer Output } }
    ? { readonly input: Input; readonly output: Output }
    : never;
};
