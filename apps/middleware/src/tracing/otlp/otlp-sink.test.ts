import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from '@midgard/metrics';
import { expect, onTestFinished, test } from 'vitest';
import { otlp, type OtlpReceiver, startOtlpReceiver } from '../../testing/otlp-receiver.ts';
import type { SpanRecord } from '../span-record.ts';
import { traceMetrics } from '../trace-metrics.ts';
import { OtlpSink, type OtlpSinkOptions } from './otlp-sink.ts';

async function setUp(
  options: Partial<OtlpSinkOptions> = {},
): Promise<{ collector: OtlpReceiver; sink: OtlpSink; figure: (series: string) => number; changes: (string | undefined)[] }> {
  const collector = await startOtlpReceiver();
  onTestFinished(() => collector[Symbol.asyncDispose]());
  const registry = new Registry();
  const changes: (string | undefined)[] = [];
  const sink = new OtlpSink({
    endpoint: collector.endpoint,
    headers: { 'x-key': 'of-the-collector' },
    timeoutMs: 10_000,
    serviceName: 'test',
    version: '1.2.3',
    instance: 7,
    maxQueue: 1000,
    metrics: traceMetrics(registry),
    changed: (reason) => void changes.push(reason),
    ...options,
  });
  onTestFinished(async () => void (await sink.stop(0)));
  const figure = (series: string): number => {
    const line = registry
      .expose()
      .split('\n')
      .find((each) => each.startsWith(`${series} `));
    return Number(line?.slice(series.length + 1) ?? 0);
  };
  return { collector, sink, figure, changes };
}

const dropped = (reason: string): string => `midgard_trace_spans_dropped_total{reason="${reason}"}`;

function spanOf(at: number, fields: Partial<SpanRecord> = {}): SpanRecord {
  const endedAt = performance.now();
  const ids = { traceId: 'a'.repeat(32), spanId: at.toString(16).padStart(16, '1') };
  return { ...ids, parent: undefined, name: `span ${at}`, kind: 'client', startedAt: endedAt - 12.5, endedAt, attributes: { at }, error: undefined, ...fields };
}

test('a span arrives as it was, with its times, its parent, its link and its error', async () => {
  const { collector, sink, figure } = await setUp();
  const link = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), flags: 0 };
  const before = Date.now();
  sink.add(
    spanOf(1, { kind: 'server', parent: { spanId: 'b'.repeat(16), isRemote: true }, error: '1001', link, attributes: { text: 'a', number: 1.5, is: true } }),
  );
  expect(await sink.stop(10_000)).toBe(0);
  expect(collector.spans).toMatchObject([
    {
      traceId: 'a'.repeat(32),
      spanId: `${'1'.repeat(15)}1`,
      parentSpanId: 'b'.repeat(16),
      kind: otlp.server,
      attributes: { text: 'a', number: 1.5, is: true },
      links: [{ traceId: link.traceId, spanId: link.spanId }],
      status: { code: otlp.error },
    },
  ]);
  const [{ startTimeUnixNano, endTimeUnixNano } = { startTimeUnixNano: 0n, endTimeUnixNano: 0n }] = collector.spans;
  expect(Number(endTimeUnixNano - startTimeUnixNano) / 1e6).toBeCloseTo(12.5, 2);
  expect(Math.abs(Number(endTimeUnixNano / 1_000_000n) - before)).toBeLessThan(5000);
  expect(collector.resources[0]).toMatchObject({ 'service.name': 'test', 'service.version': '1.2.3', 'service.instance.id': '7' });
  expect(collector.headers[0]).toMatchObject({ 'x-key': 'of-the-collector', 'content-type': 'application/json' });
  expect(figure('midgard_trace_spans_total')).toBe(1);
});

test('what waits is bounded: further spans are dropped and counted, and all others arrive', async () => {
  const { collector, sink, figure } = await setUp({ maxQueue: 600 });
  for (let at = 0; at < 1000; at += 1) sink.add(spanOf(at));
  expect(figure(dropped('queue_full'))).toBe(400);
  expect(figure('midgard_trace_spans_waiting')).toBe(600);
  await sink.stop(10_000);
  expect(collector.spans.map(({ attributes }) => attributes['at'])).toEqual(Array.from({ length: 600 }, (_, at) => at));
  expect(figure('midgard_trace_spans_waiting')).toBe(0);
});

test('a stop waits also for what is on its way', async () => {
  const { collector, sink } = await setUp();
  // A whole batch: it goes out at once.
  for (let at = 0; at < 256; at += 1) sink.add(spanOf(at));
  expect(await sink.stop(10_000)).toBe(0);
  expect(collector.spans).toHaveLength(256);
});

test('a collector that is busy is asked again, one that refuses is not', async () => {
  const { collector, sink, figure, changes } = await setUp();
  collector.answers = [{ status: 503 }, { status: 429 }, { status: 200 }];
  for (let at = 0; at < 256; at += 1) sink.add(spanOf(at));
  await expect.poll(() => collector.spans.length, { timeout: 20_000 }).toBe(256);
  expect(collector.headers).toHaveLength(3);
  collector.answers = [{ status: 400 }, { status: 200 }];
  for (let at = 0; at < 256; at += 1) sink.add(spanOf(at));
  await expect.poll(() => figure(dropped('export_failed')), { timeout: 20_000 }).toBe(256);
  sink.add(spanOf(1));
  await sink.stop(10_000);
  expect(collector.headers).toHaveLength(5);
  expect(changes).toEqual(['HTTP 400', undefined]);
});

test('spans that the collector did not want are counted, though it took the export', async () => {
  const { collector, sink, figure } = await setUp();
  collector.answers = [{ status: 200, body: { partialSuccess: { rejectedSpans: '3', errorMessage: 'too old' } } }];
  for (let at = 0; at < 10; at += 1) sink.add(spanOf(at));
  await sink.stop(10_000);
  expect([figure('midgard_trace_spans_total'), figure(dropped('rejected'))]).toEqual([7, 3]);
});

test('a redirection is not followed: the secret stays where it was sent', async () => {
  const { collector, sink, figure } = await setUp();
  collector.answers = [{ status: 307, headers: { Location: collector.endpoint } }];
  sink.add(spanOf(1));
  await sink.stop(10_000);
  expect(collector.headers).toHaveLength(1);
  expect(figure(dropped('export_failed'))).toBe(1);
});

test('a collector that hangs holds up nothing: what it does not take in time is dropped, and a stop has its own time', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void silent.close());
  await once(silent, 'listening');
  const address = silent.address();
  const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/v1/traces`;
  const { sink, figure, changes } = await setUp({ endpoint, timeoutMs: 20 });
  for (let at = 0; at < 256; at += 1) sink.add(spanOf(at));
  await expect.poll(() => figure(dropped('export_failed')), { timeout: 20_000 }).toBe(256);
  expect(changes).toEqual(['TimeoutError']);

  const patient = await setUp({ endpoint });
  for (let at = 0; at < 300; at += 1) patient.sink.add(spanOf(at));
  expect(await patient.sink.stop(50)).toBe(300);
  await sleep(0);
  expect(patient.figure('midgard_trace_spans_waiting')).toBe(0);
});
