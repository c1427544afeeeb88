import type { LockOptions, Patch, Row } from '@midgard/dao';
import type { z } from 'zod';
import type { Work } from '../context.ts';
import { player } from '../entities/player.ts';
import type { ExternalAccount } from '../game.ts';
import { invalidInput, invalidTransition, notFound, orAlreadyExists } from '../refusals.ts';
import type { JsonRecord } from '../wire/json.ts';
import { ExternalId, Name } from '../wire/text.ts';

/** A player as the database holds it. */
export type PlayerRow = Row<typeof player>;

/** What a player begins with. */
export interface NewPlayer {
  readonly name: string;
  /** The account's name elsewhere, unique in the game. */
  readonly externalId?: string | undefined;
  readonly attributes?: JsonRecord | undefined;
}

/** The players of a game, within one transaction or snapshot. */
export class Players {
  readonly #work: Work;

  /** @param work the transaction or snapshot */
  constructor(work: Work) {
    this.#work = work;
  }

  /**
   * @param options.forUpdate of a player who is to be changed: see {@link LockOptions}
   * @returns the player in whatever state, undefined where there never was one
   */
  find(id: bigint, options?: LockOptions): Promise<PlayerRow | undefined> {
    return this.#work.rows(player, id, options);
  }

  /**
   * @param options.forUpdate of a player who is to be changed: see {@link LockOptions}
   * @returns the player in whatever state, deleted included
   * @throws {MidgardError} 2002
   */
  async require(id: bigint, options?: LockOptions): Promise<PlayerRow> {
    const row = await this.find(id, options);
    if (row === undefined) throw notFound('player', id);
    return row;
  }

  /**
   * For everything that gives, takes or trades: a banned or deleted player does none of it.
   *
   * @throws {MidgardError} 2002; 2008 where the player is banned or deleted
   */
  async requireActive(id: bigint): Promise<PlayerRow> {
    const row = await this.require(id);
    if (row.status !== 'active') throw invalidTransition('player', id, row.status, 'this operation');
    return row;
  }

  /** @throws {MidgardError} 2005 where the external id is taken, be it by a deleted player */
  create({ name, externalId, attributes = {} }: NewPlayer): Promise<PlayerRow> {
    const { session, ids } = this.#work;
    const row = { id: ids.next(), name, externalId: externalId ?? null, level: 1, experience: 0n, status: 'active', attributes, lastLoginAt: null };
    return orAlreadyExists(() => session.dao(player).insert(row), 'a player with this externalId exists', { field: 'externalId' });
  }

  /**
   * The player of an account elsewhere, who is made at the first time.
   *
   * @returns the player in whatever state, deleted included
   * @throws {MidgardError} 2001 where the name or the external id is not fit
   */
  async ofAccount({ externalId, name, attributes }: ExternalAccount): Promise<PlayerRow> {
    const account = { externalId: fit(ExternalId, externalId, 'externalId') };
    const [known] = await this.#work.session.dao(player).find({ where: account, limit: 1 });
    return known ?? this.create({ ...account, name: fit(Name, name, 'name'), attributes });
  }

  /**
   * @param patch columns to change
   * @param expectedVersion the version that the caller saw; not checked when undefined
   * @throws {MidgardError} 2002; 2006; 2008 where the player is deleted
   */
  async update(id: bigint, patch: Patch<typeof player>, expectedVersion?: number): Promise<PlayerRow> {
    const row = await this.require(id, { forUpdate: true });
    if (row.status === 'deleted') throw invalidTransition('player', id, 'deleted', 'a change');
    return this.#work.session.dao(player).update(id, patch, expectedVersion === undefined ? {} : { expectedVersion });
  }
}

/** What a game hands over was not validated by any operation. */
function fit(schema: z.ZodType<string>, value: string, path: string): string {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  throw invalidInput(error.issues.map(({ message }) => ({ path, message, expected: message })));
}
