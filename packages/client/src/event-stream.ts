import { MidgardError } from '@midgard/errors';
import { isRecord, subscribeOperation } from './built-in.ts';
import { ClientError } from './client-error.ts';
import { type ConnectOptions, TcpClient } from './tcp-client.ts';

/** Something that happened in a game. */
export interface GameEvent {
  /** Of the game, rising; null for what cannot be resumed from, such as the service's figures. */
  readonly id: string | null;
  /** Its name, such as `order.pay`. */
  readonly event: string;
  /** All topics that it belongs to. */
  readonly topics: readonly string[];
  /** When it was written, ISO 8601. */
  readonly at: string;
  /** Output of the operation that it comes from. */
  readonly data: unknown;
}

/** What an {@link EventStream} listens to, and whom it tells. */
export interface EventStreamOptions extends Omit<ConnectOptions, 'connections'> {
  /** Id or number of the game; 0 for the service itself. */
  readonly game: string | number;
  readonly topics: readonly string[];
  /** Id of the last event that the caller has seen in an earlier life: what came behind it is told first. */
  readonly after?: string;
  /** Called for each event, once and in order. */
  readonly onEvent: (event: GameEvent) => void;
  /** Events were missed for good: what is known from before is to be read anew. Default: nothing is done. */
  readonly onGap?: () => void;
  /** The server refuses to subscribe again after a lost connection, such as for a revoked key; it is tried again at the next connection. Default: nothing is done. */
  readonly onRefused?: (error: Error) => void;
}

/**
 * Listens to a game's topics, on a connection of its own.
 *
 * @throws {MidgardError} 2001, 2002, 2003, 3004: the topics are refused; what {@link connect} throws
 * @example
 * ```ts
 * import { openEvents } from '@midgard/client';
 *
 * const stream = await openEvents({
 *   auth: { kind: 'apiKey', key: process.env['MIDGARD_KEY'] ?? '' },
 *   game: 'realm',
 *   topics: ['orders'],
 *   onEvent: ({ event, data }) => console.log(event, data),
 * });
 * await stream.close();
 * ```
 */
export async function openEvents(options: EventStreamOptions): Promise<EventStream> {
  const stream = new EventStream(options);
  try {
    await stream.start();
  } catch (error) {
    await stream.close();
    throw error;
  }
  return stream;
}

/** A subscription that outlives its connections: after a lost one it goes on behind the last event that was told. */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #client: TcpClient;
  #lastId: string | undefined;
  #hasStarted = false;

  /** @param options see {@link openEvents}, which is the way to make one */
  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#lastId = options.after;
    this.#client = new TcpClient({ ...options, connections: 1 });
    this.#client.on('push', ({ value }) => this.#heard(value));
    this.#client.on('connected', () => {
      if (this.#hasStarted) void this.#subscribe().catch((error: unknown) => this.#refused(error));
    });
  }

  /** Behind which event it would go on; keep it to give it as `after` in a later life. */
  get lastEventId(): string | undefined {
    return this.#lastId;
  }

  /** Connects and subscribes; {@link openEvents} does it. */
  async start(): Promise<void> {
    await this.#client.start();
    await this.#subscribe();
    this.#hasStarted = true;
  }

  /** Ends it; nothing is told any more. */
  async close(): Promise<void> {
    await this.#client.close({ graceMs: 0 });
  }

  /** Lets `await using stream = await openEvents(…)` close it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #subscribe(): Promise<void> {
    const { game, topics } = this.#options;
    const after = this.#lastId;
    const input = after === undefined ? { game, topics } : { game, topics, after };
    const answer = await this.#client.request({ game: 0, operation: subscribeOperation, input, isRepeatable: false });
    if (!isRecord(answer)) throw new ClientError('ERR_CLIENT_PROTOCOL', 'the body of subscribe is not what the protocol says');
    const { lastEventId, gap } = answer;
    if (gap === true) this.#options.onGap?.();
    // Only if no event has come meanwhile, which is further on.
    if (typeof lastEventId === 'string' && this.#lastId === after) this.#lastId = lastEventId;
  }

  #heard(value: unknown): void {
    if (!isRecord(value)) return;
    const { id = null, event, topics, at, data, next } = value;
    if (typeof event !== 'string') {
      // No event, but the word that some are missing; the one that follows comes next.
      if (typeof next === 'string') this.#options.onGap?.();
      return;
    }
    if (typeof id === 'string') this.#lastId = id;
    this.#options.onEvent({
      id: typeof id === 'string' ? id : null,
      event,
      topics: Array.isArray(topics) ? topics.map(String) : [],
      at: String(at),
      data,
    });
  }

  /** A connection that was lost under the request is followed by another one; what the server says is for the caller. */
  #refused(error: unknown): void {
    if (MidgardError.is(error)) this.#options.onRefused?.(error);
  }
}
