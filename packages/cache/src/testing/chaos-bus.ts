import { setTimeout as sleep } from 'node:timers/promises';
import type { BusListener, InvalidationBus } from '../bus/bus.ts';
import { CacheError } from '../errors.ts';

/**
 * What becomes of one word that is heard.
 *
 * - `well`: it is heard, after `delayMs` if given, so that others may overtake it
 * - `dropped`: it is not heard, but `lost('gap')` and `joined()` are, after `delayMs`: as a bus must that keeps its promise
 */
export interface BusFault {
  readonly kind: 'well' | 'dropped';
  /** At most the bound of the bus, or it is a liar. Default 0. */
  readonly delayMs?: number;
}

/** How a {@link ChaosBus} goes wrong. */
export interface ChaosBusOptions {
  readonly bus: InvalidationBus;
  /** Decides for each word that comes in. */
  readonly fault: (message: string) => BusFault;
  /** Whether speaking fails: before it is said, or after. Default: it does not. */
  readonly refusal?: (message: string) => 'none' | 'before' | 'after';
  /** Milliseconds that faults may add to the bound. Default 100. */
  readonly maxDelayMs?: number;
  /** Default: real time. */
  readonly sleep?: (delayMs: number) => Promise<unknown>;
}

/** A bus around a bus that drops, delays and reorders words on purpose, and says so as it must; for tests of who listens to one. */
export class ChaosBus implements InvalidationBus {
  readonly boundMs: number;
  readonly #bus: InvalidationBus;
  readonly #fault: (message: string) => BusFault;
  readonly #refusal: (message: string) => 'none' | 'before' | 'after';
  readonly #sleep: (delayMs: number) => Promise<unknown>;
  #listener: BusListener | undefined;
  #isJoined = false;

  /** Nothing is checked: it is for tests. */
  constructor({ bus, fault, refusal = () => 'none', maxDelayMs = 100, sleep: wait = sleep }: ChaosBusOptions) {
    this.boundMs = bus.boundMs + maxDelayMs;
    this.#bus = bus;
    this.#fault = fault;
    this.#refusal = refusal;
    this.#sleep = wait;
  }

  start(listener: BusListener): Promise<void> {
    this.#listener = listener;
    return this.#bus.start({
      heard: (message) => this.#hear(message),
      lost: (cause) => {
        this.#isJoined = false;
        this.#listener?.lost(cause);
      },
      joined: () => {
        this.#isJoined = true;
        this.#listener?.joined();
      },
    });
  }

  async publish(message: string): Promise<void> {
    const refusal = this.#refusal(message);
    if (refusal !== 'before') await this.#bus.publish(message);
    if (refusal !== 'none') throw new CacheError('ERR_CACHE_BUS', `failed on purpose, ${refusal} it was said`);
  }

  close(): Promise<void> {
    this.#listener = undefined;
    return this.#bus.close();
  }

  #hear(message: string): void {
    const { kind, delayMs = 0 } = this.#fault(message);
    const happen = (): void => {
      if (kind === 'well') this.#listener?.heard(message);
      else this.#gap();
    };
    if (delayMs > 0) void this.#sleep(delayMs).then(happen);
    else happen();
  }

  #gap(): void {
    if (!this.#isJoined) return;
    this.#listener?.lost('gap');
    this.#listener?.joined();
  }
}
