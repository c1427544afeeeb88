import type { Following, GameEvent } from '@midgard/game-kit';
import type { GameRoute } from '../router.ts';
import { EventPush } from './event-push.ts';
import { EventRing } from './event-ring.ts';
import type { EventMetrics } from './event-metrics.ts';
import { Push } from './push.ts';
import type { Listening, Subscriber } from './subscriber.ts';

/** The listeners of one game. It follows the game's events while there is one, and is nothing but two empty maps otherwise. */
export class GameChannel {
  readonly route: GameRoute;
  readonly #keep: number;
  readonly #metrics: EventMetrics;
  readonly #byTopic = new Map<string, Set<GameListening>>();
  #users = 0;
  #opening: Promise<void> | undefined;
  #following: Following | undefined;
  #ring: EventRing;

  /** @param keep events that are kept for those who were away */
  constructor(route: GameRoute, keep: number, metrics: EventMetrics) {
    this.route = route;
    this.#keep = keep;
    this.#metrics = metrics;
    this.#ring = new EventRing(keep, 0);
  }

  /** The events that are kept. */
  get ring(): EventRing {
    return this.#ring;
  }

  /**
   * Sees to it that the game's events are followed.
   *
   * @returns a function to be called once, when they need not be any more
   * @throws {DaoError} they cannot be read
   */
  async open(): Promise<() => void> {
    this.#users += 1;
    try {
      await (this.#opening ??= this.#follow());
    } catch (error) {
      this.#leave();
      throw error;
    }
    return () => this.#leave();
  }

  /** Reads what was published so far. */
  async catchUp(): Promise<void> {
    await this.#following?.catchUp();
  }

  /** O(1). */
  add(topic: string, listening: GameListening): void {
    const known = this.#byTopic.get(topic);
    if (known === undefined) this.#byTopic.set(topic, new Set([listening]));
    else known.add(listening);
    this.#metrics.subscribed(this.route.id, 1);
  }

  /** O(1). */
  delete(topic: string, listening: GameListening): void {
    const known = this.#byTopic.get(topic);
    if (known?.delete(listening) !== true) return;
    if (known.size === 0) this.#byTopic.delete(topic);
    this.#metrics.subscribed(this.route.id, -1);
  }

  /** Tells a client that it will not get what it has missed. */
  tellGap(to: Subscriber, from: number, next: number): void {
    this.#metrics.dropped(to.session.transport, next - from);
    const { id: game, number } = this.route;
    to.sink.push(new Push({ game, number, code: 0, kind: 'gap', body: { after: String(from - 1), next: String(next) } }));
  }

  /** Counts a push. */
  pushed(to: Subscriber): void {
    this.#metrics.pushed(to.session.transport);
  }

  async #follow(): Promise<void> {
    const { events } = this.route.game;
    if (events === undefined) return;
    const following = await events.follow({ heard: (heard) => this.#heard(heard) }, { keep: this.#keep });
    // Whoever asked may have gone meanwhile.
    if (this.#users === 0) return following.stop();
    this.#following = following;
    this.#ring = new EventRing(this.#keep, following.head - following.latest.length);
    for (const event of following.latest) this.#ring.add(new EventPush(event, this.route));
    following.begin();
  }

  #leave(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#opening = undefined;
    this.#following?.stop();
    this.#following = undefined;
    this.#ring = new EventRing(this.#keep, 0);
  }

  #heard(events: readonly GameEvent[]): void {
    for (const event of events) {
      const push = new EventPush(event, this.route);
      this.#ring.add(push);
      this.#metrics.published(this.route.id);
      for (const topic of push.topics) {
        for (const listening of this.#byTopic.get(topic) ?? []) listening.hear(push);
      }
    }
  }
}

/** One client's place among the listeners of a game. */
export class GameListening implements Listening {
  readonly topics: Set<string> = new Set<string>();
  readonly #channel: GameChannel;
  readonly #subscriber: Subscriber;
  readonly #close: () => void;
  /** Sequence of the next event to look at in the ring; null: the client has everything. */
  #behindFrom: number | null;
  /** An event of two topics comes twice. */
  #heard = 0;
  #isEnded = false;

  /**
   * @param from sequence of the first event that the client is to get
   * @param close what to call in the end
   */
  constructor(channel: GameChannel, subscriber: Subscriber, { from, close }: { readonly from: number; readonly close: () => void }) {
    this.#channel = channel;
    this.#subscriber = subscriber;
    this.#close = close;
    this.#behindFrom = from;
  }

  /** Where a client stands that has got everything so far: it may resume behind that. */
  get position(): number {
    return (this.#behindFrom ?? this.#channel.ring.head + 1) - 1;
  }

  add(topic: string): void {
    if (this.topics.has(topic)) return;
    this.topics.add(topic);
    this.#channel.add(topic, this);
  }

  delete(topic: string): void {
    if (this.topics.delete(topic)) this.#channel.delete(topic, this);
  }

  /** An event of one of its topics. */
  hear(push: EventPush): void {
    if (this.#behindFrom !== null || this.#heard === push.sequence) return;
    this.#heard = push.sequence;
    if (!this.#subscriber.mayHear(this.#channel.route.id, push)) return;
    if (this.#subscriber.canTake()) this.#send(push);
    else this.#behindFrom = push.sequence;
  }

  advance(): boolean {
    if (this.#behindFrom === null) return true;
    const { ring } = this.#channel;
    if (this.#behindFrom < ring.first) {
      this.#channel.tellGap(this.#subscriber, this.#behindFrom, ring.first);
      this.#behindFrom = ring.first;
    }
    for (let at = this.#behindFrom; at <= ring.head; at += 1) {
      const push = ring.at(at);
      if (push === undefined || !push.topics.some((topic) => this.topics.has(topic))) continue;
      this.#behindFrom = at;
      if (!this.#subscriber.canTake()) return false;
      if (this.#subscriber.mayHear(this.#channel.route.id, push)) this.#send(push);
      if (this.#isEnded) return true;
    }
    this.#behindFrom = null;
    return true;
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const topic of this.topics) this.#channel.delete(topic, this);
    this.topics.clear();
    this.#close();
  }

  #send(push: EventPush): void {
    this.#subscriber.sink.push(push);
    this.#channel.pushed(this.#subscriber);
  }
}
