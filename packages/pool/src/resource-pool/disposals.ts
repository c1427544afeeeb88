import { attempt } from './attempt.ts';
import type { DestroyReason } from './listener.ts';
import { tell } from './listener.ts';
import type { Settings } from './options.ts';

/** Destroys resources. One that cannot be destroyed is forgotten all the same, since nobody could do more about it. */
export class Disposals<T extends object> {
  readonly #settings: Settings<T>;
  readonly #ended: () => void;
  #underway = 0;

  /** @param ended called when a place has become free */
  constructor(settings: Settings<T>, ended: () => void) {
    this.#settings = settings;
    this.#ended = ended;
  }

  get underway(): number {
    return this.#underway;
  }

  start(resource: T, reason: DestroyReason): void {
    const { destroy, destroyTimeoutMs, timers, listener } = this.#settings;
    this.#underway += 1;
    const end = (call: () => void): void => {
      this.#underway -= 1;
      tell(call);
      this.#ended();
    };
    attempt(() => destroy(resource), destroyTimeoutMs, timers, {
      succeeded: () => end(() => listener.destroyed?.(resource, reason)),
      failed: (error) => end(() => listener.destroyFailed?.(resource, reason, error)),
    });
  }
}
