import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { processTimers, type Timer, type Timers } from '@midgard/pool';

/** A cache whose hottest keys are worth remembering; `MemoryCache` and `TieredCache` are ones. */
export interface HotCache {
  /** The keys that are used most, the hottest first. */
  hottest(count: number): readonly string[];
}

/** What is remembered where. */
export interface HotKeysOptions {
  /** Caches by a name that stays from run to run. */
  readonly caches: ReadonlyMap<string, HotCache>;
  /** A file for this alone; its folder is made. */
  readonly file: string;
  /** Most keys of each cache, at least 0 (default 1000). */
  readonly most?: number;
  /** How often they are written down, milliseconds (default 5 min): a run that is killed leaves those of then. */
  readonly everyMs?: number;
  /** Hears when the file could not be written. */
  readonly onError?: (error: unknown) => void;
  readonly timers?: Timers;
}

const format = 1;
const defaultMost = 1000;
const defaultEveryMs = 300_000;

/**
 * Remembers the hottest keys of caches over a restart, so that the next run can load them first.
 *
 * The file is its owner's alone and replaced in one step, and one that is torn, foreign or missing is as none: it is only a hint.
 *
 * @example
 * ```ts
 * import { HotKeys, MemoryCache } from '@midgard/cache';
 *
 * const players = new MemoryCache<string>({ maxEntries: 1000 });
 * const hotKeys = new HotKeys({ caches: new Map([['player', players]]), file: 'data/hot-keys.json' });
 * const remembered = await hotKeys.start();
 * console.log(remembered.get('player') ?? []);
 * await hotKeys.stop();
 * ```
 */
export class HotKeys {
  readonly #options: HotKeysOptions;
  readonly #timers: Timers;
  #next: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: HotKeysOptions) {
    this.#options = options;
    this.#timers = options.timers ?? processTimers;
  }

  /** @returns what the last run left, by cache; from now on this one's are written down from time to time */
  async start(): Promise<ReadonlyMap<string, readonly string[]>> {
    const remembered = await read(this.#options.file);
    this.#plan();
    return remembered;
  }

  /** Writes them down once more. */
  async stop(): Promise<void> {
    this.#next?.cancel();
    this.#next = undefined;
    await this.#write();
  }

  #plan(): void {
    this.#next = this.#timers.after(this.#options.everyMs ?? defaultEveryMs, () => {
      this.#plan();
      void this.#write();
    });
  }

  #write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeNow()).catch((error: unknown) => this.#options.onError?.(error));
    return this.#writing;
  }

  async #writeNow(): Promise<void> {
    const { caches, file, most = defaultMost } = this.#options;
    const keys = Object.fromEntries([...caches].map(([name, cache]) => [name, cache.hottest(most)]));
    // Keys may be somebody's names.
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(`${file}.new`, JSON.stringify({ format, keys }), { mode: 0o600 });
    await rename(`${file}.new`, file);
  }
}

async function read(file: string): Promise<ReadonlyMap<string, readonly string[]>> {
  try {
    const { format: found, keys }: Record<string, unknown> = { ...asObject(JSON.parse(await readFile(file, 'utf8'))) };
    if (found !== format) return new Map();
    const byCache = Object.entries(asObject(keys)).map(
      ([name, list]) => [name, Array.isArray(list) ? list.filter((key) => typeof key === 'string') : []] as const,
    );
    return new Map(byCache);
  } catch {
    return new Map();
  }
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}
