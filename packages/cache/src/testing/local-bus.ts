import type { BusListener, InvalidationBus } from '../bus/bus.ts';
import { CacheError } from '../errors.ts';

/**
 * Joins several caches of one process, as a Redis joins those of many: for tests of what instances tell each other.
 *
 * Words are heard at once, in the turn in which they are said.
 */
export class LocalHub {
  readonly #listeners = new Map<LocalBus, BusListener>();

  /** A bus for one more instance. */
  bus(): InvalidationBus {
    return new LocalBus(this.#listeners);
  }

  /** As when the server is gone: everybody is told `lost`, and who speaks fails. */
  down(): void {
    for (const bus of this.#listeners.keys()) bus.turn(false);
  }

  /** Everybody hears again. */
  up(): void {
    for (const bus of this.#listeners.keys()) bus.turn(true);
  }
}

class LocalBus implements InvalidationBus {
  readonly boundMs = 1;
  readonly #listeners: Map<LocalBus, BusListener>;
  #isUp = true;

  constructor(listeners: Map<LocalBus, BusListener>) {
    this.#listeners = listeners;
  }

  start(listener: BusListener): Promise<void> {
    this.#listeners.set(this, listener);
    if (this.#isUp) listener.joined();
    return Promise.resolve();
  }

  publish(message: string): Promise<void> {
    if (!this.#isUp) return Promise.reject(new CacheError('ERR_CACHE_BUS', 'the bus is down'));
    for (const [bus, listener] of this.#listeners) if (bus !== this) listener.heard(message);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#listeners.delete(this);
    return Promise.resolve();
  }

  turn(isUp: boolean): void {
    if (this.#isUp === isUp) return;
    this.#isUp = isUp;
    const listener = this.#listeners.get(this);
    if (isUp) listener?.joined();
    else listener?.lost('away');
  }
}
