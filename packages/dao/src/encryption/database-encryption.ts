import type { Entity } from '../entity.ts';

/** One of a database's data keys. */
export interface DataKeyStatus {
  /** Which shard it is of, where there are several. */
  readonly shard?: string | undefined;
  readonly id: number;
  /** `id` of the wrapper of its key-encryption key. */
  readonly wrappedBy: string;
  readonly createdAt: Date;
  /** About how many values it has encrypted so far, those that were replaced since included. */
  readonly used: bigint;
  /** Whether new values are encrypted with it. */
  readonly isCurrent: boolean;
  /** Whether values of older keys are still to be encrypted anew. */
  readonly isRotating: boolean;
}

/** How many values of a column are encrypted with a data key. */
export interface SealedCount {
  readonly shard?: string | undefined;
  readonly entity: string;
  readonly column: string;
  /** Null: values that are none of this library's. */
  readonly key: number | null;
  readonly values: number;
}

/** What is encrypted with what. */
export interface EncryptionStatus {
  readonly keys: readonly DataKeyStatus[];
  readonly values: readonly SealedCount[];
}

/** How far a rotation has come with an entity, in this run. */
export interface RotationProgress {
  readonly shard?: string | undefined;
  readonly entity: string;
  readonly rows: number;
  readonly renewed: number;
}

/** How to rotate. */
export interface RotateOptions {
  /** Rows of one transaction, which are locked while it runs, 1 to 1000 (100). */
  readonly batchRows?: number;
  /** Called after each batch. */
  readonly onProgress?: (progress: RotationProgress) => void;
  /** Ends it after the batch that runs; the next call goes on. */
  readonly signal?: AbortSignal;
}

/** What a rotation did. */
export interface RotationReport {
  /** The data key that encrypts now; several where there are shards. */
  readonly keys: readonly number[];
  /** Values that were encrypted anew in this run. */
  readonly renewed: number;
  /** Rows with a value that does not decrypt; they stay as they are. */
  readonly unreadable: number;
}

/** The keys of a database with encrypted columns. */
export interface DatabaseEncryption {
  /**
   * Reads and unwraps the data keys, and makes the first ones, as the first read or transaction does otherwise.
   *
   * @throws {DaoError} `ERR_DAO_KEY`: a key cannot be unwrapped; `ERR_DAO_UNAVAILABLE`
   */
  ready(): Promise<void>;
  /** Counts by reading every row of the entities. */
  status(entities: readonly Entity[]): Promise<EncryptionStatus>;
  /**
   * Begins a new data key and encrypts what older ones have encrypted anew with it, while everything goes on; resolves when nothing is
   * left. After a failure or a crash it is called again and goes on. Versions and times of the rows stay as they are. Older keys stay in
   * the database: a backup may need them.
   *
   * @throws {DaoError} `ERR_DAO_KEY`, `ERR_DAO_TIMEOUT` (the signal), `ERR_DAO_INPUT`
   */
  rotate(entities: readonly Entity[], options?: RotateOptions): Promise<RotationReport>;
  /**
   * Wraps each data key anew that a former wrapper has wrapped. No row is touched. Every instance must have the new wrapper before.
   *
   * @returns how many keys were wrapped anew
   * @throws {DaoError} `ERR_DAO_KEY`
   */
  rewrap(): Promise<number>;
}
