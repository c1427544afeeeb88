import { type CounterHandle, exponentialBuckets, type GaugeHandle, type HistogramHandle, type Registry } from '@midgard/metrics';
import type { HttpMeasure, ServerMetrics, Transport } from '@midgard/server';
import type { Activity } from '../memory/watch-memory.ts';
import { requestMetrics } from './request-metrics.ts';

/** From ten microseconds, which a few frames take, to seconds, which a slow reader takes. */
const batchBuckets = exponentialBuckets(0.00001, 4, 10);
const answerBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The series of one front end, found by its name and no label. */
interface FrontEnd {
  readonly connections: GaugeHandle;
  readonly running: GaugeHandle;
  readonly receivedBytes: CounterHandle;
  readonly receivedMessages: CounterHandle;
  readonly reading: HistogramHandle;
  readonly sentBytes: CounterHandle;
  readonly sentMessages: CounterHandle;
  readonly writing: HistogramHandle;
  readonly dropped: CounterHandle;
}

/** Counts what the front ends do, in the names that Prometheus' conventions ask for, and knows how much goes on. */
export function frontEndMetrics(registry: Registry): ServerMetrics & Activity {
  const of = frontEnds(registry);
  const handshakes = registry.counter({ name: 'midgard_handshakes_total', help: 'Answered hellos by error code, 0 for welcome', labels: ['code'] });
  const failures = registry.counter({
    name: 'midgard_connection_failures_total',
    help: 'Connections over TCP and WebSocket that the server closed for an error, by its code',
    labels: ['code'],
  });
  const clients = registry.gauge({ name: 'midgard_clients', help: 'Sessions over TCP and WebSocket, by the kind of who speaks', labels: ['kind'] });
  const requests = requestMetrics(registry);
  /** A WebSocket was counted when its connection came over HTTP. */
  let openConnections = 0;
  let finishedRequests = 0;
  let changedConnections = 0;
  return {
    openConnections: () => openConnections,
    finishedRequests: () => finishedRequests,
    changedConnections: () => changedConnections,
    connectionOpened: (transport) => {
      changedConnections += 1;
      if (transport !== 'websocket') openConnections += 1;
      of[transport].connections.add(1);
    },
    connectionClosed: (transport) => {
      changedConnections += 1;
      if (transport !== 'websocket') openConnections -= 1;
      of[transport].connections.add(-1);
    },
    connectionFailed: (code) => failures.labels({ code: String(code) }).add(),
    handshake: (code) => handshakes.labels({ code: String(code) }).add(),
    clientJoined: (kind) => clients.labels({ kind }).add(1),
    clientLeft: (kind) => clients.labels({ kind }).add(-1),
    received: (transport, bytes, messages, seconds) => {
      const { receivedBytes, receivedMessages, reading } = of[transport];
      receivedBytes.add(bytes);
      receivedMessages.add(messages);
      reading.observe(seconds);
    },
    sent: (transport, bytes, messages, seconds) => {
      const { sentBytes, sentMessages, writing } = of[transport];
      sentBytes.add(bytes);
      sentMessages.add(messages);
      writing.observe(seconds);
    },
    answerDropped: (transport) => of[transport].dropped.add(),
    httpAnswered: answerMetrics(registry),
    requestRuns: (transport, change) => of[transport].running.add(change),
    requestFinished: (request, seconds) => {
      finishedRequests += 1;
      requests.requestFinished(request, seconds);
    },
    readsAnswered: (reads) => {
      finishedRequests += reads.count;
      requests.readsAnswered(reads);
    },
  };
}

function frontEnds(registry: Registry): Readonly<Record<Transport, FrontEnd>> {
  const labels = ['transport'] as const;
  const counter = (name: string, help: string) => registry.counter({ name: `midgard_${name}_total`, help, labels });
  const gauge = (name: string, help: string) => registry.gauge({ name: `midgard_${name}`, help, labels });
  const batches = (name: string, help: string) => registry.histogram({ name: `midgard_${name}_seconds`, help, labels, buckets: batchBuckets });
  const metrics = {
    connections: gauge('connections', 'Open connections; one that became a WebSocket counts as both'),
    running: gauge('requests_running', 'Requests that came to their operation and are not answered by it'),
    receivedBytes: counter('received_bytes', 'Bytes that arrived, over HTTP those of finished requests'),
    receivedMessages: counter('received_messages', 'Frames over TCP, requests over HTTP, messages over WebSocket'),
    reading: batches('read', 'Time to take in what arrived at once, a batch of frames over TCP; over HTTP until the body was there'),
    sentBytes: counter('sent_bytes', 'Bytes given to the system to be sent, over HTTP those of finished requests'),
    sentMessages: counter('sent_messages', 'Frames over TCP, answers over HTTP, messages over WebSocket'),
    writing: batches('write', 'Time to give the system what is sent at once, a batch of frames over TCP; over HTTP until it had taken all'),
    dropped: counter('dropped_answers', 'Answers to callers who had gone'),
  };
  const handlesOf = (transport: Transport): FrontEnd => ({
    connections: metrics.connections.labels({ transport }),
    running: metrics.running.labels({ transport }),
    receivedBytes: metrics.receivedBytes.labels({ transport }),
    receivedMessages: metrics.receivedMessages.labels({ transport }),
    reading: metrics.reading.labels({ transport }),
    sentBytes: metrics.sentBytes.labels({ transport }),
    sentMessages: metrics.sentMessages.labels({ transport }),
    writing: metrics.writing.labels({ transport }),
    dropped: metrics.dropped.labels({ transport }),
  });
  return { tcp: handlesOf('tcp'), http: handlesOf('http'), websocket: handlesOf('websocket') };
}

function answerMetrics(registry: Registry): (measure: HttpMeasure) => void {
  const answers = registry.counter({ name: 'midgard_http_answers_total', help: 'Answers over HTTP, probes and pages included', labels: ['method', 'status'] });
  const seconds = registry
    .histogram({ name: 'midgard_http_answer_seconds', help: 'From the headers of a request to the last byte of its answer', buckets: answerBuckets })
    .labels({});
  /** By status and method: to look up a series by its labels takes longer than to count. */
  const known = new Map<number, Map<string, CounterHandle>>();
  const countOf = ({ method, status }: HttpMeasure): CounterHandle => {
    const ofStatus = known.get(status) ?? new Map<string, CounterHandle>();
    const count = ofStatus.get(method) ?? answers.labels({ method, status: String(status) });
    known.set(status, ofStatus.set(method, count));
    return count;
  };
  return (measure) => {
    (known.get(measure.status)?.get(measure.method) ?? countOf(measure)).add();
    seconds.observe(measure.seconds);
  };
}
