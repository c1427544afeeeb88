import { randomUUID } from 'node:crypto';
import type { Definition } from '../definition.ts';
import { membersOf, type SnapshotSeries } from '../merge/parse.ts';
import type { SnapshotMetric } from '../merge/snapshot.ts';
import { packNumber } from '../pack.ts';
import type { Registry } from '../registry.ts';
import { escapeLabel } from '../text.ts';

/** A registry of prom-client 15 or of its successor `@prometheus-io/client`, as far as we need it. */
export interface LendingRegistry {
  getMetricsAsArray(): readonly object[];
  getMetricsAsJSON(): Promise<readonly object[]>;
}

/** Set-up of {@link borrowFromPromClient}. */
export interface BorrowOptions {
  /** A name for their registry among those that ours merges (default `prom-client`). */
  readonly source?: string | undefined;
}

/**
 * Shows the counters, gauges and histograms of a registry of prom-client on our page, as it was when {@link Registry.scrape} or {@link Registry.snapshot} began. A
 * counter whose name does not end with `_total` gets it, as prom-client itself does for OpenMetrics. Summaries are left out, since those of two processes
 * cannot be merged, and so is what has the name of another metric here; `metrics_merge_refused_total` counts them.
 *
 * @returns a function that ends it; what was counted stays on the page
 * @example
 * ```ts
 * import { Registry } from '@midgard/metrics';
 * import { borrowFromPromClient } from '@midgard/metrics/prom-client';
 * import { register } from 'prom-client';
 *
 * const registry = new Registry();
 * borrowFromPromClient(registry, register);
 * await registry.scrape();
 * ```
 */
export function borrowFromPromClient(registry: Registry, theirs: LendingRegistry, { source = 'prom-client' }: BorrowOptions = {}): () => void {
  const instance = randomUUID();
  const remove = registry.onCollect(async () => {
    const labelNames = new Map(theirs.getMetricsAsArray().map((metric) => [membersOf(metric)?.['name'], membersOf(metric)?.['labelNames']]));
    const metrics = (await theirs.getMetricsAsJSON()).flatMap((metric) => borrowed(membersOf(metric) ?? {}, labelNames));
    registry.merge(source, { version: 1, instance, metrics });
  });
  return () => {
    remove();
    registry.retire(source, instance);
  };
}

/** One line of theirs. */
interface TheirValue {
  readonly name: string;
  readonly labels: Readonly<Record<string, unknown>>;
  readonly value: number;
}

function borrowed(metric: Readonly<Record<string, unknown>>, labelNames: ReadonlyMap<unknown, unknown>): SnapshotMetric[] {
  const { name, help, type } = metric;
  const values = valuesOf(metric['values'], name);
  // Which labels the registry gives to all is seen in the first line only.
  if (typeof name !== 'string' || typeof help !== 'string' || values.length === 0) return [];
  const declared = labelNames.get(name);
  const names = new Set<string>(Array.isArray(declared) ? declared.map(String) : []);
  for (const { labels } of values) for (const label of Object.keys(labels)) if (label !== 'le') names.add(label);
  const common = { name, help, labels: [...names].toSorted(), maxSeries: mostSeries };
  if (type === 'counter') return [plain({ ...common, type, name: name.endsWith('_total') ? name : `${name}_total` }, values)];
  if (type === 'gauge') return [plain({ ...common, type, merge: 'sum' }, values)];
  if (type === 'histogram') return [histogram(common, values)];
  // What ours has no type for is heard of and refused there.
  return [plain({ ...common, type: 'histogram', bounds: [] }, [])];
}

/** Theirs know no limit; ours is for what clients make up. */
const mostSeries = 10_000;

function valuesOf(values: unknown, metricName: unknown): readonly TheirValue[] {
  if (!Array.isArray(values)) return [];
  return values.flatMap((each: unknown) => {
    const { value, labels, metricName: name = metricName } = membersOf(each) ?? {};
    return typeof value === 'number' && typeof name === 'string' ? [{ name, value, labels: membersOf(labels) ?? {} }] : [];
  });
}

function plain(definition: Definition, values: readonly TheirValue[]): SnapshotMetric {
  const series = values.map(({ labels, value }): SnapshotSeries => [textOf(definition.labels, labels), [packNumber(value)]]);
  return { definition, series };
}

function histogram(common: Omit<Definition, 'type'>, values: readonly TheirValue[]): SnapshotMetric {
  const bounds = [...new Set(values.flatMap(({ labels: { le } }) => (le === undefined || le === '+Inf' ? [] : [Number(le)])))].toSorted((a, b) => a - b);
  const series = new Map<string, { readonly upTo: Map<number, number>; sum: number }>();
  for (const { name, labels, value } of values) {
    const text = textOf(common.labels, labels);
    const found = series.get(text) ?? { upTo: new Map<number, number>(), sum: 0 };
    series.set(text, found);
    if (name.endsWith('_sum')) found.sum = value;
    else if (labels['le'] !== undefined) found.upTo.set(labels['le'] === '+Inf' ? Infinity : Number(labels['le']), value);
  }
  const definition: Definition = { ...common, type: 'histogram', bounds };
  return {
    definition,
    series: Array.from(series, ([text, { upTo, sum }]): SnapshotSeries => [text, [...apart([...bounds, Infinity], upTo), packNumber(sum)]]),
  };
}

/** Ours counts a value in one bucket only. */
function apart(bounds: readonly number[], upTo: ReadonlyMap<number, number>): number[] {
  let before = 0;
  return bounds.map((bound) => {
    const all = upTo.get(bound) ?? before;
    const count = all - before;
    before = all;
    return count;
  });
}

/** A label that is not there is the same to Prometheus as an empty one. */
function textOf(names: readonly string[], labels: Readonly<Record<string, unknown>>): string {
  return names.map((name) => `${name}="${escapeLabel(valueText(labels[name]))}"`).join(',');
}

function valueText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
