/** A read that gave an older value than it had to. */
export interface StaleRead {
  readonly key: string;
  readonly process: string;
  /** What it gave, and what it had to give at least. */
  readonly version: number;
  readonly atLeast: number;
  readonly beganAtMs: number;
  /** When the write that it should have seen was acknowledged, and where. */
  readonly acknowledgedAtMs: number;
  readonly writtenBy: string;
}

interface Write {
  readonly version: number;
  readonly process: string;
  readonly atMs: number;
}

/** Writes of a key before this many are merged into the newest of them: nobody reads so far back. */
const keptWrites = 64;

/**
 * Holds what readers got against what was written: after a write was acknowledged and the bound has passed, no read anywhere gives an
 * older value; in the process that wrote, none does from the acknowledgement on.
 *
 * Versions of a key are numbers that rise with each write. Times are milliseconds of one clock that all processes share. Each read
 * is O(writes of the key that are not older than the bound).
 *
 * @example
 * ```ts
 * import { CoherenceChecker } from '@midgard/cache/testing';
 *
 * const checker = new CoherenceChecker({ boundMs: () => 100 });
 * checker.acknowledged({ key: 'k', version: 2, process: 'a', atMs: 1000 });
 * checker.read({ key: 'k', version: 1, process: 'b', beganAtMs: 1050 }); // within the bound
 * console.log(checker.staleReads.length); // 0
 * ```
 */
export class CoherenceChecker {
  readonly #boundMs: (acknowledgedAtMs: number, readBeganAtMs: number) => number;
  readonly #writes = new Map<string, Write[]>();
  readonly #staleReads: StaleRead[] = [];
  #reads = 0;

  /** @param options.boundMs how long other processes may take to see a write, for a write and a read of these moments: longer where there was an outage */
  constructor({ boundMs }: { readonly boundMs: (acknowledgedAtMs: number, readBeganAtMs: number) => number }) {
    this.#boundMs = boundMs;
  }

  /** Reads that were held against the writes. */
  get reads(): number {
    return this.#reads;
  }

  /** Those that gave too old a value. */
  get staleReads(): readonly StaleRead[] {
    return this.#staleReads;
  }

  /** A write was acknowledged; call it in the order of time. */
  acknowledged({ key, version, process, atMs }: { key: string; version: number; process: string; atMs: number }): void {
    const writes = this.#writes.get(key) ?? [];
    writes.push({ version, process, atMs });
    this.#writes.set(key, writes.length > 2 * keptWrites ? [newestOf(writes.slice(0, -keptWrites)), ...writes.slice(-keptWrites)] : writes);
  }

  /** A read that began at that moment gave this version; every write that was acknowledged before it is known by now. */
  read({ key, version, process, beganAtMs }: { key: string; version: number; process: string; beganAtMs: number }): void {
    this.#reads += 1;
    for (const write of this.#writes.get(key) ?? []) {
      if (write.version <= version) continue;
      const boundMs = write.process === process ? 0 : this.#boundMs(write.atMs, beganAtMs);
      if (write.atMs + boundMs >= beganAtMs) continue;
      const { version: atLeast, atMs: acknowledgedAtMs, process: writtenBy } = write;
      this.#staleReads.push({ key, process, version, atLeast, beganAtMs, acknowledgedAtMs, writtenBy });
      return;
    }
  }
}

/** Old ones are long past every bound, so only the newest of them counts; whose it was does not. */
function newestOf(writes: readonly Write[]): Write {
  const [first = { version: 0, process: '', atMs: 0 }, ...rest] = writes;
  return rest.reduce((newest, write) => (write.version > newest.version ? write : newest), first);
}
