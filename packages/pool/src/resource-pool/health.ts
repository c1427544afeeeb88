import { attempt } from './attempt.ts';
import type { Entry } from './entry.ts';
import { tell } from './listener.ts';
import type { HealthOptions, Settings } from './options.ts';

/** Finds out whether resources still work. */
export class HealthChecks<T extends object> {
  readonly #settings: Settings<T>;
  readonly #health: Required<HealthOptions<T>>;
  readonly #checked: (entry: Entry<T>, isHealthy: boolean) => void;
  #underway = 0;

  /** @param checked called once for each entry that was to be checked, unless it has gone meanwhile */
  constructor(settings: Settings<T>, health: Required<HealthOptions<T>>, checked: (entry: Entry<T>, isHealthy: boolean) => void) {
    this.#settings = settings;
    this.#health = health;
    this.#checked = checked;
  }

  /** Checks that have not ended, each of which will probably yield a resource. */
  get underway(): number {
    return this.#underway;
  }

  /** How long a resource that has just proved itself is trusted. */
  get trustMs(): number {
    return this.#health.trustMs;
  }

  /** Whether it is time to check an idle resource in the background. */
  isDue(entry: Entry<T>, now: number): boolean {
    return now - entry.provenAt >= this.#health.everyMs;
  }

  start(entry: Entry<T>): void {
    const health = this.#health;
    const { timers, listener } = this.#settings;
    entry.state = 'checking';
    this.#underway += 1;
    const end = (isHealthy: boolean, error?: unknown): void => {
      this.#underway -= 1;
      if (!isHealthy) tell(() => listener.checkFailed?.(entry.resource, error));
      if (entry.state === 'checking') this.#checked(entry, isHealthy);
    };
    attempt(() => health.check(entry.resource), health.timeoutMs, timers, { succeeded: (answer) => end(answer), failed: (error) => end(false, error) });
  }
}
