import { mayCall } from '@midgard/auth';
import { MidgardError } from '@midgard/errors';
import { builtInGame, type GameRoute } from '../router.ts';
import type { Session } from '../session.ts';
import { systemTimers, type Timers } from '../tcp/timers.ts';
import { type EventMetrics, noEventMetrics } from './event-metrics.ts';
import { FiguresChannel } from './figures-channel.ts';
import { GameChannel, GameListening } from './game-channel.ts';
import { isPlayer, type ListeningRights, type PushSink, Subscriber } from './subscriber.ts';
import { type SubscriptionInput } from './subscription-input.ts';
import { figures, ruleOf } from './topics.ts';

/** Settings of an {@link EventHub}. */
export interface EventHubOptions {
  /** Latest events of each game that are kept for those who were away or are slow; default 4096. */
  readonly keep?: number;
  /** Most topics of one client; default 256. */
  readonly maxTopicsPerClient?: number;
  /** Bytes that may wait in a client's connection before pushes to it wait; default 256 KiB. */
  readonly maxUnsentBytes?: number;
  /** How long a client may take nothing before it is closed with 1007; default 30 s. */
  readonly slowConsumerMs?: number;
  /** Time between two pushes of the service's figures; default 5 s. */
  readonly figuresEveryMs?: number;
  /** The service's figures, for the topic `metrics`; without them there is no such topic. */
  readonly figures?: () => Readonly<Record<string, number>>;
  readonly metrics?: EventMetrics;
  readonly timers?: Timers;
}

/** What the hub asks of who knows callers and games: the dispatcher. */
export interface HubRights extends ListeningRights {
  /** Whether the caller has a permission in a game. */
  may(session: Session, permission: string, game: string): boolean;
}

/** What `subscribe` answers. */
export interface Subscribed {
  /** All topics of the game that the client listens to now. */
  readonly subscribed: readonly string[];
  /** Behind this the pushes begin: what to resume from if none comes. */
  readonly lastEventId?: string;
  /** Events behind the one that was given are not kept any more: read anew what they could have told of. */
  readonly gap?: boolean;
}

/** How often it is looked whether slow clients have caught up. */
const lookMs = 50;
/** Who may listen to the service's figures. */
const figuresPermission = 'admin:health';

/**
 * Tells clients of what happens in the games: topics, who listens to them, and what each client has not got yet.
 *
 * Subscribing and unsubscribing are O(1) for each topic; an event costs O(its topics + its listeners) and is encoded once. A game is followed
 * while somebody listens to it.
 */
export class EventHub {
  readonly #keep: number;
  readonly #maxTopics: number;
  readonly #maxUnsentBytes: number;
  readonly #slowConsumerMs: number;
  readonly #metrics: EventMetrics;
  readonly #timers: Timers;
  readonly #channels = new Map<string, GameChannel>();
  readonly #figures: FiguresChannel;
  /** Clients that cannot take what waits for them, and since when they have taken nothing. */
  readonly #stalled = new Map<Subscriber, number>();
  #stopLooking: (() => void) | undefined;

  constructor(options: EventHubOptions = {}) {
    this.#keep = options.keep ?? 4096;
    this.#maxTopics = options.maxTopicsPerClient ?? 256;
    this.#maxUnsentBytes = options.maxUnsentBytes ?? 256 * 1024;
    this.#slowConsumerMs = options.slowConsumerMs ?? 30_000;
    this.#metrics = options.metrics ?? noEventMetrics;
    this.#timers = options.timers ?? systemTimers;
    this.#figures = new FiguresChannel({ timers: this.#timers, everyMs: options.figuresEveryMs ?? 5000, sample: options.figures });
  }

  /** A client that may listen from now on; its connection closes it. */
  connect(session: Session, sink: PushSink, rights: ListeningRights): Subscriber {
    return new Subscriber({ session, sink, rights, maxUnsentBytes: this.#maxUnsentBytes, stalled: (subscriber) => this.#wait(subscriber) });
  }

  /**
   * Subscribes a client to topics of a game.
   *
   * @param route the game; undefined: the service itself
   * @param requireRead rejects where the caller may not read a thing, or there is none
   * @throws {MidgardError} 2001, 2002, 3004, and what the game's database says
   */
  async subscribe(
    subscriber: Subscriber,
    { topics, after }: SubscriptionInput,
    { route, rights, requireRead }: { route: GameRoute | undefined; rights: HubRights; requireRead: (operation: string, id: string) => Promise<unknown> },
  ): Promise<Subscribed> {
    const { session } = subscriber;
    if (subscriber.topicCount + topics.length > this.#maxTopics) throw invalid('topics', `a client has at most ${this.#maxTopics} topics`);
    if (route === undefined) return this.#subscribeToFigures(subscriber, topics, rights);
    const known = subscriber.in(route.id);
    if (known !== undefined && after !== undefined) throw invalid('after', 'goes with the first subscription of a connection to a game');
    for (const topic of topics) {
      const rule = ruleOf(topic);
      if (rule === undefined) throw invalid('topics', `there is no topic ${JSON.stringify(topic)}: it is one of game, orders, player:<id>, order:<id>`);
      if ('reads' in rule) await requireRead(rule.reads, rule.id);
      else requireAll(session, rights, { ...rule, topic, game: route.id });
    }
    return this.#listen(subscriber, route, topics, after);
  }

  /** Ends subscriptions; what was not subscribed to is no matter. */
  unsubscribe(subscriber: Subscriber, topics: readonly string[], route: GameRoute | undefined): Subscribed {
    const game = route?.id ?? builtInGame;
    const listening = subscriber.in(game);
    if (listening instanceof GameListening) for (const topic of topics) listening.delete(topic);
    else if (topics.includes(figures)) subscriber.leave(game);
    if (listening?.topics.size === 0) subscriber.leave(game);
    return { subscribed: [...(subscriber.in(game)?.topics ?? [])] };
  }

  async #listen(subscriber: Subscriber, route: GameRoute, topics: readonly string[], after: string | undefined): Promise<Subscribed> {
    const channel = this.#channelOf(route);
    const close = await channel.open();
    // Another instance may have told of events that this one has not read yet.
    if (after !== undefined && Number(after) > channel.ring.head) await channel.catchUp();
    // Another subscription of the same client may have come first.
    let listening = subscriber.in(route.id);
    let hasGap = false;
    if (subscriber.isClosed || listening !== undefined) close();
    if (subscriber.isClosed) throw new MidgardError('shuttingDown', 'the connection is closed');
    if (!(listening instanceof GameListening)) {
      const { ring } = channel;
      const last = after === undefined ? ring.head : Number(after);
      hasGap = last < ring.first - 1 || last > ring.head;
      listening = new GameListening(channel, subscriber, { from: hasGap ? ring.first : last + 1, close });
      subscriber.listen(route.id, listening);
    }
    if (!(listening instanceof GameListening)) throw new TypeError('a game has its own kind of listening');
    for (const topic of topics) listening.add(topic);
    const lastEventId = String(listening.position);
    // The answer first: it is sent before this turn of the event loop is over.
    setImmediate(() => {
      if (!subscriber.isClosed && !subscriber.advance()) this.#wait(subscriber);
    });
    return { subscribed: [...listening.topics], lastEventId, ...(hasGap && { gap: true }) };
  }

  #subscribeToFigures(subscriber: Subscriber, topics: readonly string[], rights: HubRights): Subscribed {
    const stray = topics.find((topic) => topic !== figures);
    if (stray !== undefined || !this.#figures.isThere) throw invalid('topics', `the service has no topic ${JSON.stringify(stray ?? figures)}`);
    const { session } = subscriber;
    if (session.principal.games !== '*') throw new MidgardError('notPermitted', `${figures} is not for callers of some games`);
    requireAll(session, rights, { needs: figuresPermission, read: 'health.detailed', topic: figures, game: builtInGame });
    if (subscriber.in(builtInGame) === undefined) subscriber.listen(builtInGame, this.#figures.add(subscriber));
    return { subscribed: [figures] };
  }

  #channelOf(route: GameRoute): GameChannel {
    const known = this.#channels.get(route.id);
    // A game that was loaded anew is another one.
    if (known?.route === route) return known;
    const channel = new GameChannel(route, this.#keep, this.#metrics);
    this.#channels.set(route.id, channel);
    return channel;
  }

  #wait(subscriber: Subscriber): void {
    if (this.#stalled.has(subscriber)) return;
    this.#stalled.set(subscriber, this.#timers.now());
    this.#stopLooking ??= this.#timers.every(lookMs, () => this.#look());
  }

  #look(): void {
    const now = this.#timers.now();
    for (const [subscriber, since] of this.#stalled) {
      const { unsentBytes } = subscriber.sink;
      if (subscriber.isClosed) this.#stalled.delete(subscriber);
      else if (unsentBytes <= this.#maxUnsentBytes / 2) {
        if (subscriber.advance()) this.#stalled.delete(subscriber);
        else this.#stalled.set(subscriber, now);
      } else if (now - since >= this.#slowConsumerMs) {
        this.#stalled.delete(subscriber);
        subscriber.close();
        subscriber.sink.end(new MidgardError('slowConsumer', 'events are read too slowly'));
      }
    }
    if (this.#stalled.size > 0) return;
    this.#stopLooking?.();
    this.#stopLooking = undefined;
  }
}

interface Needed {
  readonly needs: string;
  readonly read: string;
  readonly topic: string;
  readonly game: string;
}

function requireAll(session: Session, rights: HubRights, { needs, read, topic, game }: Needed): void {
  const { principal } = session;
  if (isPlayer(principal)) throw new MidgardError('notPermitted', `${topic} tells of all players`);
  if (!mayCall(principal, read)) throw new MidgardError('notPermitted', `the key is not for ${topic}`);
  if (!rights.may(session, needs, game)) throw new MidgardError('notPermitted', `${topic} needs ${needs}`, { details: { permission: needs } });
}

function invalid(path: string, message: string): MidgardError {
  return new MidgardError('invalidInput', `${path}: ${message}`, { details: { issues: [{ path, message }] } });
}
