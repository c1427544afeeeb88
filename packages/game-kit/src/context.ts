import type { LoginThrottle, Principal } from '@midgard/auth';
import type { Entity, KeyOf, LockOptions, Row, Session } from '@midgard/dao';
import type { GameManifest, Hooks } from './game.ts';
import type { Awaitable } from './operation.ts';
import type { Characters } from './repositories/characters.ts';
import type { Items } from './repositories/items.ts';
import type { Logins } from './repositories/logins.ts';
import type { Orders } from './repositories/orders.ts';
import type { Players } from './repositories/players.ts';
import type { Wallets } from './repositories/wallets.ts';
import type { CallOrigin } from './runtime/runtime-options.ts';

/** Gives ids that sort by time; `IdGenerator` of @midgard/dao is one. */
export interface IdSource {
  next(): bigint;
}

/** Where the kit and its games write to the log. */
export interface GameLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Reads many things by their keys at once; a constant of its module, since it is told by its identity. */
export interface Source<K, V> {
  /** @returns one value a key, in their order */
  load(session: Session, keys: readonly K[]): Promise<readonly V[]>;
}

/** What a repository works with: one transaction, or one snapshot of the database. */
export interface Work {
  /** The rows of any entity; in a read it cannot write. */
  readonly session: Session;
  /** When this operation began. */
  readonly now: Date;
  readonly ids: IdSource;
  /**
   * Reads one row by its key. In a read, those asked for in one tick, by whichever request, are one query a table.
   *
   * @param options.forUpdate in a write, of a row that is read in order to be changed: see {@link LockOptions}
   * @returns undefined where there is no such row
   */
  rows<E extends Entity>(entity: E, key: KeyOf<E>, options?: LockOptions): Promise<Row<E> | undefined>;
  /** Reads anything by a key; in a read, those asked for in one tick, by whichever request, are one call of the source. */
  gather<K, V>(source: Source<K, V>, key: K): Promise<V>;
}

/** What a handler is given: who asks, when, and everything in the game's database within one transaction or snapshot. */
export interface GameContext extends Work {
  readonly game: GameManifest;
  /** Null where nobody logged in: only public operations see that. */
  readonly caller: Principal | null;
  readonly log: GameLog;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal | undefined;
  readonly players: Players;
  readonly characters: Characters;
  readonly items: Items;
  readonly wallets: Wallets;
  readonly orders: Orders;
  readonly logins: Logins;
}

/** What a write's `prepare` is given: it runs before the transaction and holds nothing open between its reads. */
export interface Preparation<Context extends GameContext = GameContext> {
  readonly game: GameManifest;
  readonly caller: Principal | null;
  readonly now: Date;
  readonly log: GameLog;
  readonly signal: AbortSignal | undefined;
  /** Where the call came from, as far as it is known. */
  readonly origin: CallOrigin | undefined;
  /** The game's own log-in, where it has one. */
  readonly login: Hooks['login'] | undefined;
  /** Makes guessing passwords slow; undefined where the runtime was told not to. */
  readonly loginThrottle: LoginThrottle | undefined;
  /** Reads the database in a snapshot of its own. */
  read<T>(this: void, work: (context: Context) => Awaitable<T>): Promise<T>;
}
