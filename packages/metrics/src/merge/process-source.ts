import { looseCells } from '../cells.ts';
import type { Family, Part } from '../family.ts';
import { MetricsError } from '../metrics-error.ts';
import { membersOf, parseSeries } from './parse.ts';
import type { Source } from './source.ts';

/** Holds the last numbers that another process has told. */
export class ProcessSource {
  readonly source: Source;
  readonly #parts = new Map<Family, Map<string, Part>>();

  constructor(source: Source) {
    this.source = source;
  }

  /**
   * Takes a snapshot in the place of the one before. O(series).
   *
   * @throws {MetricsError} `ERR_METRICS_SNAPSHOT`: it is none; what stands before the fault is taken
   */
  update(metrics: readonly unknown[]): void {
    for (const metric of metrics) {
      const { definition, series } = membersOf(metric) ?? {};
      const family = this.source.meet(definition);
      if (!Array.isArray(series)) throw noSnapshot('a metric has no list of series');
      if (family !== undefined) for (const each of series) this.#take(family, each);
    }
  }

  /** What still counts of it becomes ours. */
  retire(): void {
    this.source.retire();
  }

  #take(family: Family, value: unknown): void {
    const { name } = family.kind.definition;
    const series = parseSeries(value);
    if (series === undefined) throw noSnapshot(`${name}: a series is not [labels, numbers]`);
    const part = this.#partOf(family, series.labels);
    if (!family.kind.unpack(series.cells, part.cells))
      throw noSnapshot(`${name}{${series.labels}}: its numbers are not those of a ${family.kind.definition.type}`);
    part.exemplars = series.exemplars;
  }

  #partOf(family: Family, labels: string): Part {
    let ofFamily = this.#parts.get(family);
    if (ofFamily === undefined) this.#parts.set(family, (ofFamily = new Map()));
    let part = ofFamily.get(labels);
    if (part === undefined) ofFamily.set(labels, (part = this.source.link(family, labels, looseCells(family.kind.cellsPerSeries))));
    return part;
  }
}

function noSnapshot(what: string): MetricsError {
  return new MetricsError('ERR_METRICS_SNAPSHOT', `not a snapshot of a registry: ${what}`);
}
