import type { Entry } from './entry.ts';
import type { HealthChecks } from './health.ts';
import type { LeakWatch } from './leak-watch.ts';
import type { DestroyReason } from './listener.ts';
import type { Settings } from './options.ts';
import type { Stock } from './stock.ts';
import type { Timer } from './time.ts';

/** What the sweeper asks of its pool. */
export interface SweptPool<T extends object> {
  readonly stock: Stock<T>;
  readonly checks: HealthChecks<T> | undefined;
  readonly leaks: LeakWatch<T> | undefined;
  /** Resources above the least that is to be kept. */
  spare(): number;
  destroy(entry: Entry<T>, reason: DestroyReason): void;
}

/** Looks from time to time for idle, old, unchecked and leaked resources, as long as there are any resources. */
export class Sweeper<T extends object> {
  readonly #settings: Settings<T>;
  readonly #pool: SweptPool<T>;
  #timer: Timer | undefined;
  #lastAt = 0;

  constructor(settings: Settings<T>, pool: SweptPool<T>) {
    this.#settings = settings;
    this.#pool = pool;
  }

  /** When it last looked, or began to. */
  get lastAt(): number {
    return this.#lastAt;
  }

  /** Sees to it that a sweep comes, if there is something to sweep. */
  start(): void {
    if (this.#timer !== undefined || this.#pool.stock.size === 0) return;
    this.#lastAt = this.#settings.clock.now();
    this.#timer = this.#settings.timers.after(this.#settings.sweepEveryMs, () => {
      this.#timer = undefined;
      this.#sweep();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #sweep(): void {
    const { stock, leaks } = this.#pool;
    const { clock, idleTimeoutMs } = this.#settings;
    const now = clock.now();
    for (const entry of stock.takeWhere(({ expiresAt }) => now >= expiresAt)) this.#pool.destroy(entry, 'lifetime');
    let spare = this.#pool.spare();
    for (const entry of stock.takeWhere(({ idleSince }) => now - idleSince >= idleTimeoutMs && spare-- > 0)) this.#pool.destroy(entry, 'idle');
    this.#check(now);
    leaks?.report(stock.entries(), now);
  }

  #check(now: number): void {
    const { stock, checks } = this.#pool;
    if (checks === undefined) return;
    // A quarter at a time, so that those who come meanwhile find others.
    let quota = Math.ceil(stock.idle / 4);
    for (const entry of stock.takeWhere((entry) => checks.isDue(entry, now) && quota-- > 0)) checks.start(entry);
  }
}
