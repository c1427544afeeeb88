import type { DatabaseEncryption, EncryptionStatus, RotateOptions, RotationReport } from '../encryption/database-encryption.ts';
import type { Entity } from '../entity.ts';
import type { Shards } from './shards.ts';

/** The keys of all shards, one shard after the other: each has data keys of its own, and a row that moves gets those of its new shard. */
export class ShardedEncryption implements DatabaseEncryption {
  readonly #shards: Shards;

  constructor(shards: Shards) {
    this.#shards = shards;
  }

  async ready(): Promise<void> {
    await this.#each((encryption) => encryption.ready());
  }

  async status(entities: readonly Entity[]): Promise<EncryptionStatus> {
    const each = await this.#each(async (encryption, shard) => {
      const { keys, values } = await encryption.status(entities);
      return { keys: keys.map((key) => ({ ...key, shard })), values: values.map((count) => ({ ...count, shard })) };
    });
    return { keys: each.flatMap(({ keys }) => keys), values: each.flatMap(({ values }) => values) };
  }

  async rotate(entities: readonly Entity[], { onProgress, ...options }: RotateOptions = {}): Promise<RotationReport> {
    const each = await this.#each((encryption, shard) =>
      encryption.rotate(entities, { ...options, onProgress: (progress) => onProgress?.({ ...progress, shard }) }),
    );
    return {
      keys: each.flatMap(({ keys }) => keys),
      renewed: sum(each.map(({ renewed }) => renewed)),
      unreadable: sum(each.map(({ unreadable }) => unreadable)),
    };
  }

  async rewrap(): Promise<number> {
    return sum(await this.#each((encryption) => encryption.rewrap()));
  }

  async #each<T>(work: (encryption: DatabaseEncryption, shard: string) => Promise<T>): Promise<readonly T[]> {
    const done: T[] = [];
    for (const [shard, { encryption }] of this.#shards.entries()) if (encryption !== undefined) done.push(await work(encryption, shard));
    return done;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
