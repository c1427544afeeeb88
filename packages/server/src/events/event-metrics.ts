import type { Transport } from '../metrics.ts';

/** Told of what is pushed. Its methods are called on the hot way: they must not throw and should not allocate. */
export interface EventMetrics {
  /** Somebody subscribed to a topic of a game (1), or does not any more (-1). */
  subscribed(game: string, change: 1 | -1): void;
  /** An event came from a game. */
  published(game: string): void;
  /** A client was sent an event. */
  pushed(transport: Transport): void;
  /** A client that was slow, or away for too long, does not get so many events. */
  dropped(transport: Transport, events: number): void;
}

const ignore = (): void => undefined;

/** Counts nothing. */
export const noEventMetrics: EventMetrics = { subscribed: ignore, published: ignore, pushed: ignore, dropped: ignore };
