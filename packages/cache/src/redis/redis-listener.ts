/** Hears how the connections are; for metrics and logs. */
export interface RedisListener {
  /** A server may be used from now on. */
  connected?(server: string): void;
  /** A connection that could be used is gone; it is made again without end. */
  lost?(server: string, error: Error | undefined): void;
}
