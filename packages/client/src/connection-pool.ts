import type { Goodbye } from '@midgard/codec';
import { MidgardError } from '@midgard/errors';
import type { BackoffOptions } from './backoff.ts';
import { Backoff } from './backoff.ts';
import { ClientError } from './client-error.ts';
import type { ConnectionListener, PushEvent } from './connection.ts';
import { Connection } from './connection.ts';
import type { Exchange } from './exchange.ts';
import type { HandshakeOptions } from './handshake.ts';
import { shakeHands } from './handshake.ts';
import { Link } from './link.ts';
import type { Clock, Timers } from './timers.ts';
import { WaitingLine } from './waiting-line.ts';

/** How long a connection that has said goodbye may take to close, in milliseconds. */
const farewellMs = 1000;

/** What a client's user can listen to. */
export interface ClientEvents {
  /** The server sent an event of a subscribed topic. */
  push: PushEvent;
  /** The server is going to close a connection; another one is being opened. */
  goodbye: Goodbye;
  /** A connection was opened. */
  connected: { readonly session: string; readonly server: string };
  /** A connection was lost, or could not be opened again; further attempts follow by themselves. */
  disconnected: Error;
}

/** What the pool is made of. */
export interface PoolOptions {
  readonly handshake: HandshakeOptions;
  /** Connections, at least 1. */
  readonly size: number;
  readonly backoff: BackoffOptions;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly emit: <Event extends keyof ClientEvents>(event: Event, value: ClientEvents[Event]) => void;
}

/**
 * Gives each request to the connection with the fewest in flight, or lets it wait until one has room; opens another
 * connection for each that is lost or leaves.
 */
export class ConnectionPool implements ConnectionListener {
  readonly #options: PoolOptions;
  readonly #links: readonly Link[];
  readonly #line = new WaitingLine();
  /** All that are open, those that are leaving included. */
  readonly #open = new Set<Connection>();
  #isClosed = false;
  #onEmpty: (() => void) | undefined;

  /** @param options how to connect, how often, whom to tell */
  constructor(options: PoolOptions) {
    this.#options = options;
    this.#links = Array.from({ length: options.size }, () => this.#newLink());
  }

  /** Resolves once the first connection is open; the others follow. */
  async start(): Promise<void> {
    const [first, ...others] = this.#links;
    await first?.start();
    for (const link of others) link.startLater();
  }

  /** Sends a request, or puts it into the line. */
  submit(exchange: Exchange): void {
    // Nobody is overtaken: whenever there is room, the line has been emptied into it.
    const connection = this.#roomiest();
    if (connection === undefined) this.#line.push(exchange);
    else connection.send(exchange);
  }

  /** Closes all connections; requests without an answer fail with `ERR_CLIENT_CLOSED`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const link of this.#links) link.stop();
    this.#rejectWaiting(closedError());
    for (const connection of this.#open) {
      if (connection.inFlight > 0) connection.fail(closedError());
      else connection.drain();
    }
    if (this.#open.size > 0) await this.#whenEmpty();
  }

  /** @inheritdoc */
  onRoom(connection: Connection): void {
    if (this.#line.size > 0) this.#fill(connection);
  }

  /** @inheritdoc */
  onPush(event: PushEvent): void {
    this.#options.emit('push', event);
  }

  /** @inheritdoc */
  onGoodbye(connection: Connection, goodbye: Goodbye): void {
    this.#replace(connection);
    this.#options.emit('goodbye', goodbye);
  }

  /** @inheritdoc */
  onRefused(exchange: Exchange, error: Error): void {
    this.#repeat([exchange], error);
  }

  /** @inheritdoc */
  onClosed(connection: Connection, error: ClientError, unanswered: readonly Exchange[]): void {
    this.#open.delete(connection);
    this.#replace(connection);
    this.#repeat(unanswered, error);
    if (!this.#isClosed) this.#options.emit('disconnected', error);
    if (this.#open.size === 0) this.#onEmpty?.();
  }

  #newLink(): Link {
    const { backoff, timers } = this.#options;
    return new Link({
      open: (signal) => this.#connect(signal),
      backoff: new Backoff(backoff),
      timers,
      onUp: (connection) => this.#up(connection),
      onFailed: (error) => this.#failed(error),
    });
  }

  async #connect(signal: AbortSignal): Promise<Connection> {
    const { handshake, clock, timers } = this.#options;
    const greeted = await shakeHands(handshake, signal);
    const connection = new Connection(greeted, { clock, timers, listener: this });
    this.#open.add(connection);
    connection.take(greeted.early);
    if (!connection.isStaying) throw new ClientError('ERR_CLIENT_CONNECT', 'the server left right after its welcome');
    return connection;
  }

  #up(connection: Connection): void {
    this.#fill(connection);
    this.#options.emit('connected', { session: connection.welcome.session, server: connection.welcome.server });
  }

  /** A refused hello is the answer to all who wait, unless another connection can still serve them. */
  #failed(error: Error): void {
    if (MidgardError.is(error) && this.#open.size === 0) this.#rejectWaiting(error);
    this.#options.emit('disconnected', error);
  }

  #replace(connection: Connection): void {
    this.#links.find((link) => link.connection === connection)?.replace();
  }

  /** Sends once more what may be sent twice; the rest fails. */
  #repeat(exchanges: readonly Exchange[], error: Error): void {
    const repeatable: Exchange[] = [];
    for (const exchange of exchanges) {
      if (this.#isClosed || !exchange.mayRepeat) {
        exchange.reject(error);
        continue;
      }
      exchange.wasRepeated = true;
      repeatable.push(exchange);
    }
    this.#line.unshift(repeatable);
    this.#fillAny();
  }

  #roomiest(): Connection | undefined {
    let best: Connection | undefined;
    for (const { connection } of this.#links) {
      if (connection?.hasRoom === true && (best === undefined || connection.inFlight < best.inFlight)) best = connection;
    }
    return best;
  }

  #fill(connection: Connection): void {
    while (connection.hasRoom) {
      const next = this.#line.shift();
      if (next === undefined) return;
      connection.send(next);
    }
  }

  #fillAny(): void {
    for (let room = this.#roomiest(); room !== undefined && this.#line.size > 0; room = this.#roomiest()) {
      const next = this.#line.shift();
      if (next !== undefined) room.send(next);
    }
  }

  #rejectWaiting(error: Error): void {
    for (let next = this.#line.shift(); next !== undefined; next = this.#line.shift()) next.reject(error);
  }

  #whenEmpty(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.timers.after(farewellMs, () => {
        for (const connection of this.#open) connection.fail(closedError());
      });
      this.#onEmpty = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}

function closedError(): ClientError {
  return new ClientError('ERR_CLIENT_CLOSED', 'the client is closed');
}
