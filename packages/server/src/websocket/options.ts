import type { NonceStore } from '@midgard/auth';
import { ServerError } from '../errors.ts';
import type { Timers } from '../tcp/timers.ts';

/** What can be set about the WebSocket front end; every field has a default. */
export interface WebSocketOptions {
  /** Open connections; one more answers 1005. Default 10,000. */
  readonly maxConnections: number;
  /** Largest message from a client in bytes; a larger one closes its connection (1009). Default 64 KiB. */
  readonly maxMessageBytes: number;
  /** Requests of one connection that may be unanswered; one more answers 1006. Default 64. */
  readonly maxInFlight: number;
  /** Silence after which the server pings; after twice that it closes. Default 30 s. */
  readonly heartbeatMs: number;
  /** Bytes that may wait unsent on one connection before the server stops reading from it. Default 1 MiB. */
  readonly maxUnsentBytes: number;
  /** How long a connection may stay like that before it is closed with 1007. Default 30 s. */
  readonly slowConsumerMs: number;
  /** How long a ticket is good. Default 30 s. */
  readonly ticketMs: number;
}

/** The defaults of {@link WebSocketOptions}. */
export const defaultWebSocketOptions: WebSocketOptions = {
  maxConnections: 10_000,
  maxMessageBytes: 64 * 1024,
  maxInFlight: 64,
  heartbeatMs: 30_000,
  maxUnsentBytes: 1024 * 1024,
  slowConsumerMs: 30_000,
  ticketMs: 30_000,
};

/** What the WebSocket front end is made of, beside what HTTP has. */
export interface WebSocketParts {
  readonly options?: Partial<WebSocketOptions>;
  /** 32 bytes that tickets are sealed with; the same in all instances, or a ticket is good at its own alone. */
  readonly ticketKey: Uint8Array;
  /** Where instances remember used tickets together. Default: each for itself. */
  readonly nonces?: NonceStore | undefined;
  readonly timers?: Timers;
}

/**
 * Fills in the defaults.
 * @throws {ServerError} `ERR_SERVER_OPTION`: a number is no positive integer
 */
export function completeWebSocketOptions(options: Partial<WebSocketOptions> = {}): WebSocketOptions {
  const complete: WebSocketOptions = { ...defaultWebSocketOptions, ...options };
  for (const [name, value] of Object.entries(complete)) {
    if (!Number.isSafeInteger(value) || value < 1) throw new ServerError('ERR_SERVER_OPTION', `${name} must be an integer of at least 1, not ${value}`);
  }
  return complete;
}
