/** Memory that the pool answers for, shared by its size classes. */
export interface Account {
  /** Lent or not, slabs counted whole. */
  heldBytes: number;
  /** Of that, what could be let go: of slabs only those of which nothing is lent. */
  idleBytes: number;
}

/**
 * Buffers of one length, and the units of memory that they are cut from. `take`, `grow` and `put` are O(1).
 *
 * Keeps the account's `idleBytes`; `heldBytes` is the pool's, which decides whether there may be another unit.
 */
export interface SizeClass {
  /** Length of each buffer. */
  readonly bytes: number;
  /** What the class asks of the system at a time: one buffer, or a slab of them. */
  readonly unitBytes: number;
  /** Buffers lent. */
  readonly inUse: number;
  /** Buffers that can be lent without asking the system. */
  readonly idle: number;
  /** Units of which nothing is lent. */
  readonly idleUnits: number;
  /** Memory of its units. */
  readonly heldBytes: number;
  /** Number of the last `acquire` that asked for this class. */
  lastAskedAt: number;

  /** An idle buffer, if there is one. */
  take(): Buffer | undefined;
  /** A buffer of a new unit; the pool has found the bytes for it. */
  grow(): Buffer;
  /**
   * Takes a buffer back.
   *
   * @returns true: its unit is idle now, and it is on the pool to keep or to drop it
   * @throws {PoolError} `ERR_POOL_NOT_LENT`: it is evidently not one of this class
   */
  put(buffer: Buffer): boolean;
  /** Lets one idle unit go. The pool has made sure that there is one. */
  dropUnit(): void;
  /** The buffers that lie ready. */
  idleBuffers(): Iterable<Buffer>;
}
