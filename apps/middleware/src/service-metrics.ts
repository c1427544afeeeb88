import { type Registry, collectProcess } from '@midgard/metrics';
import type { RequestMeasure, ServerMetrics, Transport } from '@midgard/server';
import type { Activity } from './memory/watch-memory.ts';

const requestBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Counts what the front ends do, in the names that Prometheus' conventions ask for, and knows how much goes on. */
export function serviceMetrics(registry: Registry): ServerMetrics & Activity {
  collectProcess(registry);
  const connections = registry.gauge({ name: 'midgard_connections', help: 'Open connections', labels: ['transport'] });
  const handshakes = registry.counter({ name: 'midgard_handshakes_total', help: 'Answered hellos by error code, 0 for welcome', labels: ['code'] });
  const traffic = (name: string, help: string) => registry.counter({ name, help }).labels({});
  const receivedBytes = traffic('midgard_tcp_received_bytes_total', 'Bytes read from game servers');
  const receivedFrames = traffic('midgard_tcp_received_frames_total', 'Frames read from game servers');
  const sentBytes = traffic('midgard_tcp_sent_bytes_total', 'Bytes written to game servers');
  const sentFrames = traffic('midgard_tcp_sent_frames_total', 'Frames written to game servers');
  const requests = requestMetrics(registry);
  let openConnections = 0;
  let finishedRequests = 0;
  return {
    openConnections: () => openConnections,
    finishedRequests: () => finishedRequests,
    connectionOpened: (transport) => {
      openConnections += 1;
      connections.labels({ transport }).add(1);
    },
    connectionClosed: (transport) => {
      openConnections -= 1;
      connections.labels({ transport }).add(-1);
    },
    handshake: (code) => handshakes.labels({ code: String(code) }).add(1),
    received: (bytes, frames) => {
      receivedBytes.add(bytes);
      receivedFrames.add(frames);
    },
    sent: (bytes, frames) => {
      sentBytes.add(bytes);
      sentFrames.add(frames);
    },
    requestFinished: (measure) => {
      finishedRequests += 1;
      requests(measure);
    },
  };
}

type Handles = { readonly seconds: { observe(value: number): void }; readonly byCode: Map<number, { add(value: number): void }> };

/** Labels are resolved once for each operation and kept, so that a finished request is two array writes and two look-ups. */
function requestMetrics(registry: Registry): (measure: RequestMeasure) => void {
  const total = registry.counter({
    name: 'midgard_requests_total',
    help: 'Finished requests by error code, 0 for success',
    labels: ['transport', 'game', 'operation', 'code'],
  });
  const duration = registry.histogram({
    name: 'midgard_request_duration_seconds',
    help: 'Time from the decoded request to its answer',
    labels: ['transport', 'game', 'operation'],
    buckets: requestBuckets,
  });
  const known: Record<Transport, Map<string, Map<string, Handles>>> = { tcp: new Map(), http: new Map() };
  return ({ transport, game, operation, code, seconds }) => {
    const ofGame = computed(known[transport], game, () => new Map());
    const handles = computed(ofGame, operation, () => ({ seconds: duration.labels({ transport, game, operation }), byCode: new Map() }));
    handles.seconds.observe(seconds);
    computed(handles.byCode, code, () => total.labels({ transport, game, operation, code: String(code) })).add(1);
  };
}

function computed<K, V>(map: Map<K, V>, key: K, compute: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const value = compute();
  map.set(key, value);
  return value;
}
