/** Hears what the other instances say. Called at once and in order, so it must be quick; it must not throw. */
export interface BusListener {
  /** Another instance said this. Never one's own words. */
  heard(message: string): void;
  /**
   * From now on, or since a moment ago, words of others may be missed. A gap may turn out to be an outage: then it is called again.
   *
   * @param cause `gap`: words are missing though the bus is there; `away`: it cannot be reached, or was restarted, so that others may not have been able to speak
   */
  lost(cause: 'gap' | 'away'): void;
  /** From now on every word of the others is heard again; what was said since {@link lost} was missed. Also called when the bus is first up. */
  joined(): void;
}

/**
 * Tells all instances what one of them has to say: which keys a write has outdated.
 *
 * A bus may lose words, since pub/sub does; but it notices within its bound, and then calls {@link BusListener.lost}.
 * It begins lost, until it calls `joined`.
 */
export interface InvalidationBus {
  /** Milliseconds within which a word is heard by every instance that is not told `lost`, as long as nobody is stalled. */
  readonly boundMs: number;
  /** Begins to listen; once in a life. */
  start(listener: BusListener): Promise<void>;
  /**
   * @param message any text
   * @returns when the bus has it
   * @throws {CacheError} `ERR_CACHE_BUS`: it may not have been said
   */
  publish(message: string): Promise<void>;
  /** Ends it; the listener hears no more. */
  close(): Promise<void>;
}
