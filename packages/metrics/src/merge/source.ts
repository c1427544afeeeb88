import type { Cells } from '../cells.ts';
import type { Families } from '../families.ts';
import type { Family, Part, Series } from '../family.ts';
import { parseDefinition } from './parse.ts';

/** One thread or process whose numbers are added to ours: the parts that it has in our series. */
export class Source {
  /** Another one with each start of the thread or process. */
  readonly instance: string;
  readonly #families: Families;
  readonly #refused: () => void;
  readonly #links: { readonly family: Family; readonly series: Series<unknown>; readonly part: Part }[] = [];
  readonly #refusedNames = new Set<string>();

  /** @param refused hears once of each metric that cannot be added to ours */
  constructor(instance: string, families: Families, refused: () => void) {
    this.instance = instance;
    this.#families = families;
    this.#refused = refused;
  }

  /** Our metric for one of theirs; undefined where ours is another one. */
  meet(value: unknown): Family | undefined {
    const definition = parseDefinition(value);
    const family = definition === undefined ? undefined : this.#families.meet(definition);
    const name = definition?.name ?? '';
    if (family === undefined && !this.#refusedNames.has(name)) {
      this.#refusedNames.add(name);
      this.#refused();
    }
    return family;
  }

  /** Adds cells of theirs to a series of ours. */
  link(family: Family, labels: string, cells: Cells): Part {
    const series = family.admit(labels);
    const part: Part = { cells, exemplars: [] };
    series.parts.add(part);
    this.#links.push({ family, series, part });
    return part;
  }

  /** What still counts becomes ours, the rest goes. */
  retire(): void {
    for (const { family, series, part } of this.#links) {
      series.parts.delete(part);
      if (family.kind.outlivesItsWriter) family.kind.combine(series.cells, part.cells);
    }
    this.#links.length = 0;
  }
}
