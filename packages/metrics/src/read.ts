import { exposedType } from './definition.ts';
import type { Exemplar } from './exemplar.ts';
import type { Family } from './family.ts';
import { parseLabels } from './text.ts';

/** One line of a page, as data. */
export interface ReadSample {
  /** Of the line: that of the metric, of a histogram with `_bucket`, `_sum` or `_count`. */
  readonly name: string;
  /** With `le`, where it is a bucket. */
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly exemplar?: Exemplar | undefined;
}

/** One metric, as data. */
export interface ReadMetric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  /** Its lines now. O(series). */
  samples(): readonly ReadSample[];
}

/** A metric, for whoever writes another page than ours. */
export function readerOf(family: Family): ReadMetric {
  const { definition } = family.kind;
  const { name, help, labels } = definition;
  return { name, help, labels, type: exposedType(definition), samples: () => samplesOf(family) };
}

function samplesOf(family: Family): readonly ReadSample[] {
  const { name } = family.kind.definition;
  return Array.from(family.series(), (series) => {
    const labels = parseLabels(series.labels);
    return family.kind
      .samples(family.read(series))
      .map(({ suffix, le, value, exemplar }) => ({ name: name + suffix, labels: le === undefined ? labels : { ...labels, le }, value, exemplar }));
  }).flat();
}
