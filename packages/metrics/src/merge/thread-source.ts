import { DirectoryReader } from './directory.ts';
import type { Family } from '../family.ts';
import { membersOf, parsePlace } from './parse.ts';
import type { Source } from './source.ts';

/** Where the numbers of a registry of another thread lie. The structured clone keeps it, and its memory outlives the thread. */
export interface SharedMetrics {
  /** Another one with each registry. */
  readonly instance: string;
  readonly directory: SharedArrayBuffer;
  readonly chunks: readonly SharedArrayBuffer[];
}

/** Reads the memory of another thread. */
export class ThreadSource {
  readonly source: Source;
  readonly #reader = new DirectoryReader();
  /** Theirs, in the order in which they were made. */
  readonly #metrics: (Family | undefined)[] = [];
  #chunks: readonly Float64Array[] = [];
  #directory: SharedArrayBuffer;

  constructor(source: Source, shared: SharedMetrics) {
    this.source = source;
    this.#directory = shared.directory;
    this.update(shared);
  }

  /** Takes memory that was added. */
  update({ directory, chunks }: SharedMetrics): void {
    this.#directory = directory;
    this.#chunks = chunks.map((chunk, at) => this.#chunks[at] ?? new Float64Array(chunk));
  }

  /** Looks for series that are new. */
  refresh(): void {
    this.#reader.readNew(this.#directory, (entry) => this.#take(membersOf(entry) ?? {}));
  }

  /** Looks once more, and leaves. */
  retire(): void {
    this.refresh();
    this.source.retire();
  }

  #take({ metric, series }: Readonly<Record<string, unknown>>): boolean {
    const place = parsePlace(series);
    if (place === undefined) {
      this.#metrics.push(this.source.meet(metric));
      return true;
    }
    const values = this.#chunks[place.chunk];
    // The line is there before the message that brings its chunk.
    if (values === undefined) return false;
    const family = this.#metrics[place.metric];
    if (family !== undefined) this.source.link(family, place.labels, { values, offset: place.offset, length: family.kind.cellsPerSeries });
    return true;
  }
}
