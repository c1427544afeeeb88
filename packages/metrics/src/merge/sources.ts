import type { Families } from '../families.ts';
import { MetricsError } from '../metrics-error.ts';
import { membersOf } from './parse.ts';
import { ProcessSource } from './process-source.ts';
import { Source } from './source.ts';
import { type SharedMetrics, ThreadSource } from './thread-source.ts';

/** How many that have ended are known: an answer that was on its way when its process ended would else be counted twice. */
const mostEnded = 1000;

/** The threads and processes whose numbers are added to ours, by a name that whoever starts them gives. */
export class Sources {
  readonly #families: Families;
  readonly #refused: () => void;
  readonly #byName = new Map<string, ThreadSource | ProcessSource>();
  readonly #ended = new Set<string>();

  /** @param refused hears once of each metric of a source that cannot be added to ours */
  constructor(families: Families, refused: () => void) {
    this.#families = families;
    this.#refused = refused;
  }

  /**
   * @throws {MetricsError} `ERR_METRICS_SNAPSHOT`: neither a snapshot nor shared memory of a registry
   */
  merge(name: string, from: unknown): void {
    const { instance, directory, chunks, version, metrics } = membersOf(from) ?? {};
    if (typeof instance !== 'string') throw notOurs();
    if (this.#ended.has(instance)) return;
    // Started again under the same name: what the one before has counted stays counted.
    if (this.#byName.get(name)?.source.instance !== instance) this.retire(name);
    if (directory instanceof SharedArrayBuffer && isListOfMemory(chunks)) this.#mergeThread(name, { instance, directory, chunks });
    else if (version === 1 && Array.isArray(metrics)) this.#mergeProcess(name, instance, metrics);
    else throw notOurs();
  }

  /** What a thread or process has counted becomes ours; its gauges go. */
  retire(name: string, instance?: string): void {
    const source = this.#byName.get(name);
    if (source === undefined || (instance !== undefined && instance !== source.source.instance)) return;
    source.retire();
    this.#byName.delete(name);
    this.#ended.add(source.source.instance);
    const [oldest] = this.#ended;
    if (this.#ended.size > mostEnded && oldest !== undefined) this.#ended.delete(oldest);
  }

  /** Looks for series that threads have added. */
  refresh(): void {
    for (const source of this.#byName.values()) if (source instanceof ThreadSource) source.refresh();
  }

  #mergeThread(name: string, shared: SharedMetrics): void {
    const known = this.#byName.get(name);
    if (known instanceof ThreadSource) known.update(shared);
    else this.#byName.set(name, new ThreadSource(new Source(shared.instance, this.#families, this.#refused), shared));
  }

  #mergeProcess(name: string, instance: string, metrics: readonly unknown[]): void {
    const known = this.#byName.get(name);
    const source = known instanceof ProcessSource ? known : new ProcessSource(new Source(instance, this.#families, this.#refused));
    this.#byName.set(name, source);
    source.update(metrics);
  }
}

function isListOfMemory(value: unknown): value is readonly SharedArrayBuffer[] {
  return Array.isArray(value) && value.every((each) => each instanceof SharedArrayBuffer);
}

function notOurs(): MetricsError {
  return new MetricsError('ERR_METRICS_SNAPSHOT', 'neither what Registry.share nor what Registry.snapshot gives, in this version');
}
