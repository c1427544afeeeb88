/**
 * What counting costs on the hot way, beside the Prometheus clients of Node, OpenTelemetry, and the naive control that a service would write by hand:
 * one Map keyed by the labels joined into a text. Each is called in two ways: with what its users keep between calls (ours: a handle; the Prometheus
 * clients: what `labels(…)` gave; OpenTelemetry: one object of attributes), and with labels given at each call. Prints ratios of the medians, which a busy
 * machine moves less than the means.
 */
import { fromMitata, machineLine, print, record, against } from '@midgard/bench';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { bench, group, run } from 'mitata';
import { Registry } from './registry.ts';
import { buckets, labelNames, prometheusClients } from './test/prometheus-clients.ts';

const values = { game: 'realm', operation: 'player.get', code: '0' };

// Like a service: most answers within a millisecond, a few slow ones.
const samples = Float64Array.from({ length: 1024 }, (_, n) => 0.0002 * 1.01 ** (n % 700));
let at = 0;
const next = (): number => samples[(at = (at + 1) & 1023)] ?? 0;
const ids = Array.from({ length: 1000 }, (_, n) => 382_304_210_332_418_048n + (BigInt(n) << 22n));
const names = Array.from({ length: 1000 }, (_, n) => `player-${10_000 + n}`);

const registry = new Registry();
const counters = registry.counter({ name: 'requests_total', help: 'x', labels: labelNames });
const durations = registry.histogram({ name: 'duration_seconds', help: 'x', labels: labelNames, buckets });
const counter = counters.labels(values);
const duration = durations.labels(values);
const level = registry.gauge({ name: 'level', help: 'x', labels: labelNames }).labels(values);
const players = registry.distinct({ name: 'players', help: 'x', windowMs: 300_000 }).labels({});

const peers = prometheusClients().map((client) => ({
  ...client,
  keptCounter: client.counter.labels(values),
  keptHistogram: client.histogram.labels(values),
}));

class IdleReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}
const meter = new MeterProvider({ readers: [new IdleReader()] }).getMeter('bench');
const otelCounter = meter.createCounter('requests');
const otelHistogram = meter.createHistogram('duration', { advice: { explicitBucketBoundaries: buckets } });

const naive = new Map<string, number>();
const joined = (): string => `${values.game},${values.operation},${values.code}`;
const fresh = (): typeof values => ({ game: values.game, operation: values.operation, code: values.code });

group('counter, kept', () => {
  bench('counter: ours, kept', () => counter.add());
  for (const { name, keptCounter } of peers) bench(`counter: ${name}, kept`, () => keptCounter.inc());
  bench('counter: OpenTelemetry, kept', () => otelCounter.add(1, values));
  bench('counter: Map, kept key', () => naive.set('realm,player.get,0', (naive.get('realm,player.get,0') ?? 0) + 1));
});
group('counter, labels at each call', () => {
  bench('counter: ours, labels', () => counters.labels(fresh()).add());
  for (const { name, counter } of peers) bench(`counter: ${name}, labels`, () => counter.inc(fresh()));
  bench('counter: OpenTelemetry, labels', () => otelCounter.add(1, fresh()));
  bench('counter: Map, labels', () => naive.set(joined(), (naive.get(joined()) ?? 0) + 1));
});
group('histogram of 14 buckets, kept', () => {
  bench('histogram: ours, kept', () => duration.observe(next()));
  for (const { name, keptHistogram } of peers) bench(`histogram: ${name}, kept`, () => keptHistogram.observe(next()));
  bench('histogram: OpenTelemetry, kept', () => otelHistogram.record(next(), values));
});
group('histogram of 14 buckets, labels at each call', () => {
  bench('histogram: ours, labels', () => durations.labels(fresh()).observe(next()));
  for (const { name, histogram } of peers) bench(`histogram: ${name}, labels`, () => histogram.observe(fresh(), next()));
  bench('histogram: OpenTelemetry, labels', () => otelHistogram.record(next(), fresh()));
});
group('others', () => {
  bench('gauge: ours, kept', () => level.set(next()));
  bench('distinct: ours, 1,000 bigints', () => {
    for (const id of ids) players.add(id);
  });
  bench('distinct: ours, 1,000 texts of 12', () => {
    for (const name of names) players.add(name);
  });
});

const results = fromMitata(await run({ format: 'quiet' }));
const ratios = ['counter', 'histogram'].flatMap((what) =>
  ['kept', 'labels'].flatMap((how) =>
    [...peers.map(({ name }) => name), 'OpenTelemetry'].map((peer) => against(results, `${what}: ours, ${how}`, `${what}: ${peer}, ${how}`)),
  ),
);
console.log(machineLine());
print(results.filter(({ what }) => !what.includes('prom')));
print([...ratios, against(results, 'counter: ours, kept', 'counter: Map, kept key')]);
record('metrics-hot-path', ratios);
