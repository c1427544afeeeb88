/** How many resources a pool holds. */
export interface PoolSize {
  readonly min: number;
  readonly max: number;
}

/** What a {@link ResourcePool} holds: no more than `max` in all states together, but for what was there before `max` fell. */
export interface ResourcePoolUsage extends PoolSize {
  readonly idle: number;
  readonly borrowed: number;
  /** In a health check. */
  readonly checking: number;
  readonly creating: number;
  readonly destroying: number;
  /** Callers of `acquire` that wait. */
  readonly waiting: number;
}
