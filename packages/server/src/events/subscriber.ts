import type { Principal } from '@midgard/auth';
import type { MidgardError } from '@midgard/errors';
import type { Session } from '../session.ts';
import type { EventPush } from './event-push.ts';
import type { Push } from './push.ts';

/** Where pushes to one client go. */
export interface PushSink {
  /** Bytes that the client has not taken yet. */
  readonly unsentBytes: number;
  /** Sends a message. Must not throw. */
  push(push: Push): void;
  /** Tells the client why, and closes its connection. Calls {@link Subscriber.close} at the latest when it is closed. */
  end(error: MidgardError): void;
}

/** What a {@link Subscriber} asks about its caller. */
export interface ListeningRights {
  /** Why nothing may be told to the caller any more: its token or key is good no more. */
  refusalOf(session: Session): MidgardError | undefined;
  /** Whether such things are for the caller's eyes. */
  mayRead(session: Session, game: string, event: Pick<EventPush, 'permission' | 'read'>): boolean;
}

/** A place among the listeners of a game, or of the service's figures. */
export interface Listening {
  /** Names of the topics, in the order in which they were subscribed to. */
  readonly topics: ReadonlySet<string>;
  /** Sends what is left to send. @returns false where the client must take some of it first */
  advance(): boolean;
  /** Gives the place up. */
  end(): void;
}

/** What ends with a subscriber, and whom it tells that it cannot send now. */
export interface SubscriberParts {
  readonly session: Session;
  readonly sink: PushSink;
  readonly rights: ListeningRights;
  /** Bytes that may wait in the client's connection before pushes to it wait. */
  readonly maxUnsentBytes: number;
  readonly stalled: (subscriber: Subscriber) => void;
}

/** One client that may listen. Costs nothing but itself until it subscribes to something. */
export class Subscriber {
  readonly session: Session;
  readonly sink: PushSink;
  readonly #rights: ListeningRights;
  readonly #maxUnsentBytes: number;
  readonly #stalled: (subscriber: Subscriber) => void;
  #listening: Map<string, Listening> | undefined;
  #isClosed = false;

  constructor({ session, sink, rights, maxUnsentBytes, stalled }: SubscriberParts) {
    this.session = session;
    this.sink = sink;
    this.#rights = rights;
    this.#maxUnsentBytes = maxUnsentBytes;
    this.#stalled = stalled;
  }

  /** Whether its connection has gone: nothing may be added to it. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Topics that it has subscribed to, in all games. */
  get topicCount(): number {
    let count = 0;
    for (const { topics } of this.#listening?.values() ?? []) count += topics.size;
    return count;
  }

  /** What it listens to in a game. */
  in(game: string): Listening | undefined {
    return this.#listening?.get(game);
  }

  /** Notes what it listens to in a game. */
  listen(game: string, listening: Listening): void {
    this.#listening ??= new Map();
    this.#listening.set(game, listening);
  }

  /** Forgets what it listened to in a game. */
  leave(game: string): void {
    this.#listening?.get(game)?.end();
    this.#listening?.delete(game);
  }

  /** Whether a push can go out now; where it cannot, {@link advance} is called once it can. */
  canTake(): boolean {
    if (this.sink.unsentBytes <= this.#maxUnsentBytes) return true;
    this.wait();
    return false;
  }

  /** Asks for {@link advance}. */
  wait(): void {
    this.#stalled(this);
  }

  /** False for a caller whose token or key is good no more; the connection is ended. */
  mayGoOn(): boolean {
    const refusal = this.#rights.refusalOf(this.session);
    if (refusal === undefined) return true;
    this.close();
    this.sink.end(refusal);
    return false;
  }

  /** Whether an event is for this caller; also asks {@link mayGoOn}. */
  mayHear(game: string, event: EventPush): boolean {
    if (!this.mayGoOn()) return false;
    // What tells of two players shows each what is the other's: it is for those who may see both.
    const isOwn = !isPlayer(this.session.principal) || event.players.length === 1;
    return isOwn && this.#rights.mayRead(this.session, game, event);
  }

  /** Sends what waits, as far as the client takes it. @returns whether nothing waits any more */
  advance(): boolean {
    let isDone = true;
    for (const listening of this.#listening?.values() ?? []) isDone = listening.advance() && isDone;
    return isDone;
  }

  /** Ends all listening; to be called when the connection is closed. */
  close(): void {
    this.#isClosed = true;
    for (const listening of this.#listening?.values() ?? []) listening.end();
    this.#listening = undefined;
  }
}

/** Either sign is enough: whoever is a player in one respect must not pass as a service in the other. */
export function isPlayer({ kind, playerId, roles }: Principal): boolean {
  return kind === 'player' || playerId !== null || roles.includes('player');
}
