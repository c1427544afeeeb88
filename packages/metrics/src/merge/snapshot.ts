import type { Definition } from '../definition.ts';
import type { Family } from '../family.ts';
import type { Reading } from '../kind.ts';
import { packNumber } from '../pack.ts';
import type { SnapshotSeries } from './parse.ts';

/** One metric in a {@link MetricsSnapshot}. */
export interface SnapshotMetric {
  readonly definition: Definition;
  readonly series: SnapshotSeries[];
}

/** All numbers of a registry as plain data: what a process tells another. JSON and the structured clone keep it. */
export interface MetricsSnapshot {
  readonly version: 1;
  /** Another one with each start of the process. */
  readonly instance: string;
  readonly metrics: SnapshotMetric[];
}

/** Adds what the families hold to a snapshot, a series each step. */
export function* fillSnapshot(families: Iterable<Family>, { metrics }: MetricsSnapshot): Generator<void, void, undefined> {
  for (const family of families) {
    const metric: SnapshotMetric = { definition: family.kind.definition, series: [] };
    metrics.push(metric);
    for (const series of family.series()) {
      metric.series.push(packed(family.read(series), family));
      yield;
    }
  }
}

function packed({ labels, cells, exemplars }: Reading, { kind }: Family): SnapshotSeries {
  const traced = exemplars.flatMap((exemplar, place) =>
    exemplar === undefined ? [] : [[place, exemplar.labels, packNumber(exemplar.value), exemplar.at] as const],
  );
  return traced.length === 0 ? [labels, kind.pack(cells)] : [labels, kind.pack(cells), traced];
}
