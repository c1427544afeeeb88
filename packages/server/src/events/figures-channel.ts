import type { Timers } from '../tcp/timers.ts';
import { Push } from './push.ts';
import type { Listening, Subscriber } from './subscriber.ts';
import { figures } from './topics.ts';

/** Event code of the figures, of game number 0. */
const figuresCode = 1;

/** What a {@link FiguresChannel} is made of. */
export interface FiguresParts {
  readonly timers: Timers;
  /** Milliseconds between two pushes. */
  readonly everyMs: number;
  /** The service's figures as they are now; null where there are none. */
  readonly sample: (() => Readonly<Record<string, number>>) | undefined;
}

/** Those who listen to the service's figures. Only the latest matter: a slow client gets those, and none that are older. */
export class FiguresChannel {
  readonly #parts: FiguresParts;
  readonly #listening = new Set<FiguresListening>();
  #stop: (() => void) | undefined;

  constructor(parts: FiguresParts) {
    this.#parts = parts;
  }

  /** Whether there are figures. */
  get isThere(): boolean {
    return this.#parts.sample !== undefined;
  }

  /** Begins to sample with the first one. */
  add(subscriber: Subscriber): Listening {
    const listening = new FiguresListening(subscriber, () => this.#delete(listening));
    this.#listening.add(listening);
    this.#stop ??= this.#parts.timers.every(this.#parts.everyMs, () => this.#tell());
    return listening;
  }

  #delete(listening: FiguresListening): void {
    this.#listening.delete(listening);
    if (this.#listening.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  #tell(): void {
    const { sample } = this.#parts;
    if (sample === undefined) return;
    const body = { event: figures, topics: [figures], at: new Date(), data: sample() };
    const push = new Push({ game: 'midgard', number: 0, code: figuresCode, kind: 'event', body });
    for (const listening of this.#listening) listening.hear(push);
  }
}

class FiguresListening implements Listening {
  readonly topics: ReadonlySet<string> = new Set([figures]);
  readonly #subscriber: Subscriber;
  readonly #end: () => void;
  #latest: Push | undefined;

  constructor(subscriber: Subscriber, end: () => void) {
    this.#subscriber = subscriber;
    this.#end = end;
  }

  hear(push: Push): void {
    this.#latest = push;
    this.advance();
  }

  advance(): boolean {
    if (this.#latest === undefined) return true;
    if (!this.#subscriber.mayGoOn()) return true;
    if (!this.#subscriber.canTake()) return false;
    this.#subscriber.sink.push(this.#latest);
    this.#latest = undefined;
    return true;
  }

  end(): void {
    this.#end();
  }
}
