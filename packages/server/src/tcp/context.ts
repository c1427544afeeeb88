import type { RateLimiter } from '@midgard/auth';
import type { ObjectPool } from '@midgard/pool';
import type { Authenticator } from '../authenticator.ts';
import type { Clock } from '../clock.ts';
import type { Dispatcher } from '../dispatcher.ts';
import type { ServerLog } from '../log.ts';
import type { ServerMetrics } from '../metrics.ts';
import type { TcpOptions } from './options.ts';

/** Something that gathers frames and hands them over when asked. */
export interface Flushable {
  flush(): void;
}

/** What all connections of a server share. */
export interface ConnectionContext {
  readonly dispatcher: Dispatcher;
  readonly authenticator: Authenticator;
  readonly options: TcpOptions;
  /** Counts hellos by address; null: no limit. */
  readonly handshakeLimiter: RateLimiter | null;
  readonly clock: Clock;
  readonly metrics: ServerMetrics;
  readonly log: ServerLog;
  /** Output buffers, all of one size. */
  readonly buffers: ObjectPool<Buffer>;
  /** Calls `flush` when this turn of the event loop is over. */
  flushLater(gathered: Flushable): void;
}
