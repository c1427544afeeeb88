type Listener<Value> = (value: Value) => void;
type ListenerSets<Events> = { [Event in keyof Events]?: Set<Listener<Events[Event]>> };

/** Listeners by event. What one of them throws is an uncaught exception of its own and harms neither socket nor others. */
export class Listeners<Events extends object> {
  readonly #sets: ListenerSets<Events> = {};

  /** @returns a function that takes the listener away again */
  add<Event extends keyof Events>(event: Event, listener: Listener<Events[Event]>): () => void {
    const set = (this.#sets[event] ??= new Set());
    set.add(listener);
    return () => void set.delete(listener);
  }

  /** Calls the listeners of an event, in the order in which they came. */
  emit<Event extends keyof Events>(event: Event, value: Events[Event]): void {
    for (const listener of this.#sets[event] ?? []) {
      try {
        listener(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
