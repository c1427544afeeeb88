import type { MetricsClock } from './clock.ts';

/** Asked before each reading; what gives a promise is waited for by readings that can wait. */
export type Collector = () => void | Promise<void>;

/** What a registry asks before it is read. One that fails stops no other. */
export class Collectors {
  readonly #all = new Set<Collector>();
  readonly #failed: () => void;

  /** @param failed hears of each that threw, was rejected or took too long */
  constructor(failed: () => void) {
    this.#failed = failed;
  }

  /** Adds one and gives a function that takes it out again. */
  add(collect: Collector): () => void {
    this.#all.add(collect);
    return () => void this.#all.delete(collect);
  }

  /** Asks all, and waits for none. */
  run(): Promise<void>[] {
    return [...this.#all].flatMap((collect) => {
      try {
        const pending = collect();
        return pending === undefined ? [] : [pending.catch(() => this.#failed())];
      } catch {
        this.#failed();
        return [];
      }
    });
  }

  /** Asks all, and waits for those that answer in time. */
  async runAll(timeoutMs: number, clock: MetricsClock): Promise<void> {
    const pending = this.run();
    if (pending.length === 0) return;
    const { promise: late, resolve } = Promise.withResolvers<boolean>();
    const cancel = clock.after(timeoutMs, () => resolve(true));
    const isLate = await Promise.race([Promise.all(pending).then(() => false), late]);
    cancel();
    if (isLate) this.#failed();
  }
}
