import { setTimeout as sleep } from 'node:timers/promises';
import type { SQL } from 'drizzle-orm';
import type { Dao } from '../dao.ts';
import type { ReadOptions, RowChange, Session } from '../database.ts';
import type { RowValues } from '../dialects/dialect.ts';
import type { Entity } from '../entity.ts';
import { DaoError } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import { requireSharded } from './pinned-session.ts';
import { plainDao } from './plain-dao.ts';
import { readFence } from './records.ts';
import { type Scatter, ScatterDao, type ShardPart } from './scatter-dao.ts';
import { rowHash } from './shard-key.ts';
import type { Shards } from './shards.ts';
import type { Topology } from './topology.ts';

/** How long to wait before a shard is asked again that is not where it was thought to be. */
const retryDelayMs = 5;

/** What one shard answered, unless it is not what the topology says. */
type Answer<T> = { readonly value: T } | undefined;

/** A read over all shards: no snapshot, since the shards have no common moment. */
export class ScatterSession implements Session, Scatter {
  readonly changes: readonly RowChange[] = [];
  readonly mark = undefined;
  readonly #shards: Shards;
  readonly #entities: ReadonlySet<Entity>;
  readonly #options: ReadOptions;
  readonly #deadline: Deadline;
  #hasEnded = false;

  constructor(shards: Shards, entities: ReadonlySet<Entity>, options: ReadOptions, deadline: Deadline) {
    this.#shards = shards;
    this.#entities = entities;
    this.#options = options;
    this.#deadline = deadline;
  }

  dao<E extends Entity>(entity: E): Dao<E>;
  dao(entity: Entity): ScatterDao {
    requireSharded(this.#entities, entity);
    return new ScatterDao(entity, this, this.#shards.cursors);
  }

  async execute(_statement: SQL): Promise<readonly RowValues[]> {
    throw new DaoError('ERR_DAO_SHARD', 'a hand-written statement runs on one shard: give the read a shardKey');
  }

  /**
   * Every answer is held against the topology by which it was asked for, within the snapshot that it came from. So a row that moves
   * meanwhile is neither missed nor seen twice: if any shard has changed what it owns, all are asked again.
   */
  async ask<T>(entity: Entity, hash: bigint | undefined, question: (part: ShardPart) => Promise<T>): Promise<readonly T[]> {
    for (;;) {
      if (this.#hasEnded) throw new DaoError('ERR_DAO_SESSION', 'the session has ended: await every call within it');
      const { topology } = this.#shards;
      const ids = hash === undefined ? topology.members : [topology.shardOf(hash)];
      const answers = await Promise.all(ids.map((id) => this.#askOne(topology, id, entity, question)));
      const values = answers.flatMap((answer) => (answer === undefined ? [] : [answer.value]));
      if (values.length === ids.length) return values;
      if ((await this.#shards.refresh(topology)) === topology) await sleep(retryDelayMs);
    }
  }

  end(): void {
    this.#hasEnded = true;
  }

  #askOne<T>(topology: Topology, id: string, entity: Entity, question: (part: ShardPart) => Promise<T>): Promise<Answer<T>> {
    const isOwned = (row: RowValues): boolean => topology.shardOf(rowHash(entity, row)) === id;
    return this.#shards.database(id).read(
      async (session) => {
        if (!topology.fits(id, await readFence(session))) return undefined;
        return { value: await question({ dao: plainDao(session, entity), isOwned: topology.isMixed ? isOwned : undefined }) };
      },
      { ...this.#deadline.rest(this.#options), isolation: 'snapshot' },
    );
  }
}
