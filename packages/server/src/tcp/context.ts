import type { Principal } from '@midgard/auth';
import type { MidgardError } from '@midgard/errors';
import type { TimingWheel } from '@midgard/queue';
import type { AddressLimit } from '../addresses/address-limit.ts';
import type { Authenticator } from '../authenticator.ts';
import type { Dispatcher } from '../dispatcher.ts';
import type { HotReads } from '../hot/hot-reads.ts';
import type { ServerLog } from '../log.ts';
import type { ServerMetrics } from '../metrics.ts';
import type { ErrorBodies } from './error-bodies.ts';
import type { Mortal } from './lifetime.ts';
import type { OutputBuffers } from './output-buffers.ts';
import type { TcpOptions } from './options.ts';
import type { SessionIndex } from './session-index.ts';
import type { Timers } from './timers.ts';

/** Something that gathers frames and hands them over when asked. */
export interface Flushable {
  flush(): void;
}

/** A connection that somebody speaks on. */
export interface SessionHolder {
  /** Ends it at once with an error frame, if what its caller showed meets a condition; what is in flight is not answered. */
  endSessionIf(isEnded: (principal: Principal) => boolean, error: MidgardError): boolean;
}

/** What all connections of a server share. */
export interface ConnectionContext {
  readonly dispatcher: Dispatcher;
  readonly authenticator: Authenticator;
  readonly options: TcpOptions;
  /** Counts hellos by address; null: no limit. */
  readonly handshakeLimiter: AddressLimit | null;
  /** What silence and limits of time are measured by. */
  readonly timers: Timers;
  /** Looks after what depends on time, of all connections. */
  readonly wheel: TimingWheel<Mortal>;
  readonly metrics: ServerMetrics;
  readonly log: ServerLog;
  /** Connections behind their welcome, by who speaks. */
  readonly sessions: SessionIndex<SessionHolder>;
  readonly buffers: OutputBuffers;
  readonly errorBodies: ErrorBodies;
  /** What sockets read into: its bytes are good until the next read of any of them. */
  readonly readBuffer: Buffer;
  readonly hotReads: HotReads;
  /** Calls `flush` when this turn of the event loop is over, or before. */
  flushLater(gathered: Flushable): void;
}
