/**
 * What counting costs on the hot way, beside the naive control that a service would write by hand: one Map keyed by the
 * labels joined into a text; and beside the same Map with its key at hand. Prints the ratios of the medians, which a busy
 * machine moves less than the means.
 */
import { bench, do_not_optimize, run, summary } from 'mitata';
import { Registry } from './registry.ts';

const registry = new Registry();
const counters = registry.counter({ name: 'requests_total', help: 'x', labels: ['game', 'operation', 'code'] });
const durations = registry.histogram({ name: 'duration_seconds', help: 'x', labels: ['game', 'operation'] });
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const counter = counters.labels({ game: 'realm', operation: 'player.get', code: '0' });
const duration = durations.labels({ game: 'realm', operation: 'player.get' });

const naiveCounts = new Map<string, number>();
const naiveBuckets = new Map<string, number>();
const labels = { game: 'realm', operation: 'player.get', code: '0' };

// Like a service: most answers within a millisecond, a few slow ones.
const samples = Array.from({ length: 1024 }, (_, n) => 0.0002 * 1.01 ** (n % 700));
let at = 0;
const next = (): number => samples[(at = (at + 1) & 1023)] ?? 0;

summary(() => {
  bench('counter: handle.add()', () => counter.add());
  bench('counter: naive Map', () => {
    const key = `${labels.game},${labels.operation},${labels.code}`;
    naiveCounts.set(key, (naiveCounts.get(key) ?? 0) + 1);
  });
  bench('counter: naive Map, key at hand', () => naiveCounts.set('realm,player.get,0', (naiveCounts.get('realm,player.get,0') ?? 0) + 1));
});

summary(() => {
  bench('histogram: handle.observe()', () => duration.observe(next()));
  bench('histogram: naive Map', () => {
    const value = next();
    const bound = buckets.find((limit) => value <= limit) ?? Infinity;
    const key = `${labels.game},${labels.operation},${bound}`;
    naiveBuckets.set(key, (naiveBuckets.get(key) ?? 0) + 1);
  });
});

const large = new Registry();
const perOperation = large.histogram({ name: 'h', help: 'x', labels: ['operation'] });
for (let n = 0; n < 1000; n += 1) perOperation.labels({ operation: `o${n}` }).observe(n / 1000);
bench('expose: 1,000 histograms, 17,000 lines', () => do_not_optimize(large.expose()));

const results = await run();
const medians = new Map(results.benchmarks.map(({ alias, runs: [first] }) => [alias, first?.stats?.p50 ?? Number.NaN]));
const median = (name: string): number => medians.get(name) ?? Number.NaN;
for (const [ours, control] of [
  ['counter: handle.add()', 'counter: naive Map'],
  ['counter: handle.add()', 'counter: naive Map, key at hand'],
  ['histogram: handle.observe()', 'histogram: naive Map'],
] as const) {
  const ratio = median(control) / median(ours);
  console.log(`medians: ${ours} ${median(ours).toFixed(1)} ns, ${control} ${median(control).toFixed(1)} ns, ratio ${ratio.toFixed(1)}`);
}
