import type { Entity } from '@midgard/dao';
import type { GameContext, Preparation } from './context.ts';
import type { Awaitable, Operation } from './operation.ts';
import type { ConfigDocument } from './public-config/config-document.ts';
import type { JsonRecord } from './wire/json.ts';

/** The version of the contract between a game and the middleware; a game built for another one is refused at load. */
export const CONTRACT_VERSION = 1;

/** Who a game is. */
export interface GameManifest {
  /** In routes and configuration: `a-z`, `0-9` and `-`, at most 32 characters. */
  readonly id: string;
  /** In frames, 1–65535; 0 is the middleware itself. */
  readonly number: number;
  /** The game's own version. */
  readonly version: string;
  readonly title: string;
}

/** What a log-in by name and password brings. */
export interface LoginCredentials {
  /** The account. Wrong passwords are counted under it, so it must not be the same for all. */
  readonly name: string;
  /** Where a game asks an identity provider, whatever that gave: a ticket, a token of at most 8192 characters. */
  readonly password: string;
}

/** Somebody whom an identity provider vouches for: the player with this external id, who is made where there is none yet. */
export interface ExternalAccount {
  /** The provider's own and unchanging name of the account, 1–128 characters: `steam:76561197960287930`. A name or an e-mail address may pass to another person. */
  readonly externalId: string;
  /** The name of a new player, 1–64 characters. */
  readonly name: string;
  readonly attributes?: JsonRecord;
}

type Named<Ops extends readonly Operation[], Name> = Extract<Ops[number], { readonly name: Name }>;
type ParsedOf<O> = O extends { readonly types?: { readonly parsed: infer Parsed } } ? Parsed : never;
type ResultOf<O> = O extends { readonly types?: { readonly result: infer Result } } ? Result : never;

/**
 * Code of a game around the standard operations; it runs inside the operation's transaction, and like a write's `handle`
 * perhaps more than once: see {@link WriteDefinition}.
 */
export interface Hooks<Ops extends readonly Operation[] = readonly Operation[], Context extends GameContext = GameContext> {
  /** Runs before a write's handler; may give another input, may throw to refuse. */
  readonly before?: {
    readonly [Name in Ops[number]['name']]?: (context: Context, input: ParsedOf<Named<Ops, Name>>) => Awaitable<ParsedOf<Named<Ops, Name>> | undefined | void>;
  };
  /** Runs after a write's handler, before the commit; what it throws undoes the write. */
  readonly after?: {
    readonly [Name in Ops[number]['name']]?: (context: Context, input: ParsedOf<Named<Ops, Name>>, result: ResultOf<Named<Ops, Name>>) => Awaitable<void>;
  };
  /**
   * Takes the place of the password check of `auth.login`, before its transaction; so a game whose players log in elsewhere keeps no passwords.
   *
   * @returns the player's id, or the account elsewhere, whose player is found or made
   * @throws {MidgardError} `credentialInvalid` (3003) where the credentials are wrong: this alone counts as a failed attempt, after some of which the name waits
   */
  login?(this: void, preparation: Preparation<Context>, credentials: LoginCredentials): Awaitable<bigint | ExternalAccount>;
}

/** A hook whose types were checked where the game was defined. */
export interface AnyHook {
  run(context: GameContext, input: unknown, result: unknown): Awaitable<unknown>;
}

/**
 * Looks at something that the game depends on besides its database: a payment service, a matchmaker. What it throws, and what takes longer
 * than two seconds, is an outage; it is told of by its name alone.
 *
 * @param signal aborted when the time is over
 * @returns nothing where all is well
 */
export type GameCheck = (signal: AbortSignal) => Awaitable<'degraded' | undefined | void>;

/** A loaded game: what `defineGame` gives and {@link GameRuntime} runs. */
export interface GameHandler<Ops extends readonly Operation[] = readonly Operation[]> {
  readonly contract: number;
  readonly manifest: GameManifest;
  readonly entities: readonly Entity[];
  readonly operations: Ops;
  /** By operation name; the types were checked by `defineGame`. */
  readonly hooks: {
    readonly before: { readonly [name: string]: AnyHook['run'] | undefined };
    readonly after: { readonly [name: string]: AnyHook['run'] | undefined };
    login?(this: void, preparation: Preparation, credentials: LoginCredentials): Awaitable<bigint | ExternalAccount>;
  };
  /** By name; absent in a game that was built before there was any. */
  readonly publicConfig?: Readonly<Record<string, ConfigDocument>>;
  /** By name; absent in a game that was built before there was any. */
  readonly health?: Readonly<Record<string, GameCheck>>;
  extendContext(context: GameContext): object;
}

/** What {@link defineGame} takes. */
export interface GameDefinition<Ops extends readonly Operation[], Extra extends object> {
  readonly manifest: GameManifest;
  /** {@link standardEntities}, then the game's own. */
  readonly entities: readonly Entity[];
  /** `standardOperations()`, then the game's own, whose codes begin at 100. */
  readonly operations: Ops;
  readonly hooks?: Hooks<NoInfer<Ops>, GameContext & Extra>;
  /**
   * What is the same for everybody and may be read by anybody, without any credentials, also through a CDN: item tables, level curves, the
   * data of a season. By name, made by `configDocument`; served below `/api/v1/games/{game}/config`.
   */
  readonly publicConfig?: Readonly<Record<string, ConfigDocument>>;
  /** What else the service's health depends on, by name: `a-z`, `0-9` and `-`, at most 31 characters. An outage is told of; it takes no instance out of traffic. */
  readonly health?: Readonly<Record<string, GameCheck>>;
  /** What the game's handlers and hooks find in their context besides the standard repositories; made anew for each operation. */
  extendContext?(this: void, context: GameContext): Extra;
}
