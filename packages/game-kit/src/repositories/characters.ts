import type { LockOptions, Patch, Row } from '@midgard/dao';
import type { Work } from '../context.ts';
import { character } from '../entities/character.ts';
import { notFound } from '../refusals.ts';
import type { JsonRecord } from '../wire/json.ts';

/** A character as the database holds it. */
export type CharacterRow = Row<typeof character>;

/** What a character begins with. */
export interface NewCharacter {
  readonly name: string;
  readonly class: string;
  readonly attributes?: JsonRecord | undefined;
}

/** The characters of a game, within one transaction or snapshot. */
export class Characters {
  readonly #work: Work;

  /** @param work the transaction or snapshot */
  constructor(work: Work) {
    this.#work = work;
  }

  /**
   * @param options.forUpdate of a character that is to be changed: see {@link LockOptions}
   * @returns the character, undefined where there is none or it was deleted
   */
  async find(id: bigint, options?: LockOptions): Promise<CharacterRow | undefined> {
    const row = await this.#work.rows(character, id, options);
    return row?.deletedAt === null ? row : undefined;
  }

  /**
   * @param options.forUpdate of a character that is to be changed: see {@link LockOptions}
   * @throws {MidgardError} 2002, also for a deleted character
   */
  async require(id: bigint, options?: LockOptions): Promise<CharacterRow> {
    const row = await this.find(id, options);
    if (row === undefined) throw notFound('character', id);
    return row;
  }

  /** @param playerId an active player: see `players.requireActive` */
  create(playerId: bigint, { name, class: characterClass, attributes = {} }: NewCharacter): Promise<CharacterRow> {
    const { session, ids } = this.#work;
    return session.dao(character).insert({ id: ids.next(), playerId, name, class: characterClass, level: 1, attributes, equipment: {}, deletedAt: null });
  }

  /**
   * @param patch columns to change
   * @param expectedVersion the version that the caller saw; not checked when undefined
   * @throws {MidgardError} 2002; 2006
   */
  async update(id: bigint, patch: Patch<typeof character>, expectedVersion?: number): Promise<CharacterRow> {
    await this.require(id, { forUpdate: true });
    return this.#work.session.dao(character).update(id, patch, expectedVersion === undefined ? {} : { expectedVersion });
  }
}
