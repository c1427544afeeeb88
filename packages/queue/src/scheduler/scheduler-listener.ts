/** Hears what a {@link Scheduler} does. Times are epoch milliseconds. */
export interface SchedulerListener {
  started?(name: string, scheduledAtMs: number): void;
  finished?(name: string, durationMs: number): void;
  /** A run threw or rejected. The next one comes all the same. */
  failed?(name: string, error: unknown): void;
  /** Runs were dropped: the one named here and, after a long sleep, those before it that were not made up for. */
  skipped?(name: string, scheduledAtMs: number): void;
}
