import { defaultMaxFrameBytes } from '@midgard/codec';
import type { RateLimit } from '../budgets.ts';
import { ServerError } from '../errors.ts';

/** What can be set about the TCP front end; every field has a default. */
export interface TcpOptions {
  /** Address to listen on; default `127.0.0.1`. */
  readonly host: string;
  /** Port to listen on; 0 takes a free one. Default 8080. */
  readonly port: number;
  /** A listening socket that whoever started the process made, by its number here: taken in place of host and port. */
  readonly fd?: number | undefined;
  /** Name and version that the welcome tells. */
  readonly serverName: string;
  /** Largest frame both ways, its length field counted; default 1 MiB. */
  readonly maxFrameBytes: number;
  /** Requests of one connection that may be unanswered; one more answers 1006. Default 1024. */
  readonly maxInFlight: number;
  /** Silence after which the server pings; after twice that it closes. Default 30 s. */
  readonly heartbeatMs: number;
  /** Time from the connection to a complete hello, and again to the end of its check. Default 5 s. */
  readonly helloTimeoutMs: number;
  /** Bytes that may wait unsent on one connection before the server stops reading from it. Default 8 MiB. */
  readonly maxUnsentBytes: number;
  /** How long a connection may stay like that before it is closed with 1007. Default 30 s. */
  readonly slowConsumerMs: number;
  /** Open connections; one more answers 1005. Default 16,384, under the usual limit of 20,000 open files. */
  readonly maxConnections: number;
  /** Bytes for the encoded answers of cached reads, a multiple of 8; 0: none are kept. Memory is taken as it is needed. Default 64 MiB. */
  readonly keptAnswerBytes: number;
  /** Hellos from one address; more answer 3005. null: no limit. Default 100 a second, 2,000 at once. */
  readonly handshakeLimit: RateLimit | null;
}

/** The defaults of {@link TcpOptions}. */
export const defaultTcpOptions: TcpOptions = {
  host: '127.0.0.1',
  port: 8080,
  serverName: 'midgard/0.1.0',
  maxFrameBytes: defaultMaxFrameBytes,
  maxInFlight: 1024,
  heartbeatMs: 30_000,
  helloTimeoutMs: 5000,
  maxUnsentBytes: 8 * 1024 * 1024,
  slowConsumerMs: 30_000,
  maxConnections: 16_384,
  keptAnswerBytes: 64 * 1024 * 1024,
  handshakeLimit: { perSecond: 100, burst: 2000 },
};

/** Fields that must be at least the number beside them. */
const minima = {
  port: 0,
  maxFrameBytes: 1024,
  maxInFlight: 1,
  heartbeatMs: 1,
  helloTimeoutMs: 1,
  maxUnsentBytes: 1,
  slowConsumerMs: 1,
  maxConnections: 1,
  keptAnswerBytes: 0,
} as const;

/**
 * Fills in the defaults.
 * @throws {ServerError} `ERR_SERVER_OPTION`: a number is not an integer or too small
 */
export function completeOptions(options: Partial<TcpOptions>): TcpOptions {
  const complete: TcpOptions = { ...defaultTcpOptions, ...options };
  const numbers: Readonly<Record<string, unknown>> = { ...complete };
  for (const [name, least] of Object.entries(minima)) {
    const value = numbers[name];
    if (!Number.isSafeInteger(value) || Number(value) < least) {
      throw new ServerError('ERR_SERVER_OPTION', `${name} must be an integer of at least ${least}, not ${String(value)}`);
    }
  }
  if (complete.keptAnswerBytes % 8 !== 0) {
    throw new ServerError('ERR_SERVER_OPTION', `keptAnswerBytes must be a multiple of 8, not ${complete.keptAnswerBytes}`);
  }
  return complete;
}
