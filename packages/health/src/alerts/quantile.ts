import { keyOf, type Labels, pick } from './labels.ts';
import type { Sample } from './metric-source.ts';

interface Bucket {
  readonly bound: number;
  readonly count: number;
}

/**
 * Quantiles of histograms from their buckets, as `histogram_quantile` of Prometheus: linear within a bucket, and the last finite bound for
 * what lies above it.
 *
 * @param buckets series of `…_bucket`, counts or rates
 * @param quantile 0 to 1
 * @param by labels that tell histograms apart; undefined for all but `le`
 * @returns one value for each histogram that has anything in it
 * @see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
 */
export function quantiles(buckets: readonly Sample[], quantile: number, by: readonly string[] | undefined): Sample[] {
  const histograms = new Map<string, { readonly labels: Labels; readonly counts: Map<number, number> }>();
  for (const { labels, value } of buckets) {
    const { le = '', ...rest } = labels;
    const bound = le === '+Inf' ? Infinity : Number(le);
    if (le === '' || Number.isNaN(bound)) continue;
    const kept = by === undefined ? rest : pick(rest, by);
    const histogram = histograms.get(keyOf(kept)) ?? { labels: kept, counts: new Map<number, number>() };
    histogram.counts.set(bound, (histogram.counts.get(bound) ?? 0) + value);
    histograms.set(keyOf(kept), histogram);
  }
  return [...histograms.values()].flatMap(({ labels, counts }) => {
    const sorted = [...counts].map(([bound, count]) => ({ bound, count })).sort((a, b) => a.bound - b.bound);
    const value = quantileOf(sorted, quantile);
    return value === undefined ? [] : [{ labels, value }];
  });
}

function quantileOf(buckets: readonly Bucket[], quantile: number): number | undefined {
  const total = buckets.at(-1);
  if (total === undefined || total.bound !== Infinity || !(total.count > 0) || buckets.length < 2) return undefined;
  const rank = quantile * total.count;
  const at = buckets.findIndex(({ count }) => count >= rank);
  const bucket = buckets[at];
  if (bucket === undefined || bucket.bound === Infinity) return buckets.at(-2)?.bound;
  const below = buckets[at - 1];
  if (below === undefined && bucket.bound <= 0) return bucket.bound;
  const { bound: start, count: before } = below ?? { bound: 0, count: 0 };
  const within = bucket.count - before;
  return within === 0 ? bucket.bound : start + (bucket.bound - start) * ((rank - before) / within);
}
