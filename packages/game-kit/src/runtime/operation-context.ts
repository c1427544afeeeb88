import type { Principal } from '@midgard/auth';
import type { Entity, KeyOf, LockOptions, Row, Session } from '@midgard/dao';
import type { GameContext, GameLog, IdSource, Source } from '../context.ts';
import type { GameManifest } from '../game.ts';
import { Characters } from '../repositories/characters.ts';
import { Items } from '../repositories/items.ts';
import { Logins, type LoginSettings } from '../repositories/logins.ts';
import { Orders } from '../repositories/orders.ts';
import { Players } from '../repositories/players.ts';
import { Wallets } from '../repositories/wallets.ts';
import { requireValue, type RowLoader } from './row-loader.ts';

/** What all operations of a game share. */
export interface SharedParts {
  readonly game: GameManifest;
  readonly ids: IdSource;
  readonly log: GameLog;
  readonly logins: LoginSettings;
}

/** What is one operation's own. */
export interface OwnParts {
  readonly caller: Principal | null;
  readonly now: Date;
  readonly signal: AbortSignal | undefined;
  readonly session: Session;
  /** Reads rows in one query a table; absent in a transaction, which must see its own writes. */
  readonly rows: RowLoader | undefined;
}

/** The context of one operation; its repositories are made when they are first asked for. */
export class OperationContext implements GameContext {
  readonly #shared: SharedParts;
  readonly #own: OwnParts;
  #players: Players | undefined;

  constructor(shared: SharedParts, own: OwnParts) {
    this.#shared = shared;
    this.#own = own;
  }

  get game(): GameManifest {
    return this.#shared.game;
  }

  get ids(): IdSource {
    return this.#shared.ids;
  }

  get log(): GameLog {
    return this.#shared.log;
  }

  get caller(): Principal | null {
    return this.#own.caller;
  }

  get now(): Date {
    return this.#own.now;
  }

  get signal(): AbortSignal | undefined {
    return this.#own.signal;
  }

  get session(): Session {
    return this.#own.session;
  }

  rows<E extends Entity>(entity: E, key: KeyOf<E>, options?: LockOptions): Promise<Row<E> | undefined> {
    const { rows, session } = this.#own;
    // A read has no locks to give: the session says so.
    return rows === undefined || options?.forUpdate === true ? session.dao(entity).get(key, options) : rows.load(entity, key);
  }

  async gather<K, V>(source: Source<K, V>, key: K): Promise<V> {
    if (this.#own.rows !== undefined) return this.#own.rows.gather(source, key);
    const [value] = await source.load(this.#own.session, [key]);
    return requireValue(value);
  }

  get players(): Players {
    this.#players ??= new Players(this);
    return this.#players;
  }

  get characters(): Characters {
    return new Characters(this);
  }

  get items(): Items {
    return new Items(this);
  }

  get wallets(): Wallets {
    return new Wallets(this);
  }

  get orders(): Orders {
    return new Orders(this);
  }

  get logins(): Logins {
    return new Logins(this, this.players, this.#shared.logins);
  }
}
