import { type CounterHandle, exponentialBuckets, type HistogramHandle, type Registry } from '@midgard/metrics';
import { type RequestScope, type ServerMetrics, type Stage, stages, type Transport } from '@midgard/server';

const requestBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Coarse, since there are as many series as operations have stages: from 25 µs to 1.6 s. */
const stageBuckets = exponentialBuckets(0.000025, 4, 9);

/** Who is to blame, if anybody: the caller for codes from 2000 on, we for those below. */
type Outcome = 'success' | 'rejected' | 'failed';

/** The series of one operation over one front end; each is there once there is something to count. */
interface Handles {
  readonly seconds: Partial<Record<Outcome, HistogramHandle>>;
  readonly stages: Partial<Record<Stage, HistogramHandle>>;
  readonly byCode: Map<number, CounterHandle>;
}

/** What counts requests: look-ups and array writes, from the second of a kind on. */
export type RequestCounts = Pick<ServerMetrics, 'requestFinished' | 'readsAnswered'>;

/** Rate, errors and duration of each operation, and where its time went. */
export function requestMetrics(registry: Registry): RequestCounts {
  const labels = ['transport', 'game', 'operation'] as const;
  const total = registry.counter({ name: 'midgard_requests_total', help: 'Finished requests by error code, 0 for success', labels: [...labels, 'code'] });
  const duration = registry.histogram({
    name: 'midgard_request_duration_seconds',
    help: 'From the first byte of a request to its encoded answer; rejected: codes from 2000 on, failed: those below',
    labels: [...labels, 'outcome'],
    buckets: requestBuckets,
  });
  const stage = registry.histogram({
    name: 'midgard_request_stage_seconds',
    help: 'Parts of that time: database and cache are within handler, and what ran side by side adds up',
    labels: [...labels, 'stage'],
    buckets: stageBuckets,
    maxSeries: 5000,
  });
  const known: Record<Transport, Map<string, Map<string, Handles>>> = { tcp: new Map(), http: new Map(), websocket: new Map() };
  const handlesOf = ({ transport, game, operation }: Names): Handles => {
    const ofGame = computed(known[transport], game, () => new Map());
    return computed(ofGame, operation, () => ({ seconds: {}, stages: {}, byCode: new Map() }));
  };
  const timesOf = (handles: Handles, { transport, game, operation }: Names, outcome: Outcome): HistogramHandle =>
    (handles.seconds[outcome] ??= duration.labels({ transport, game, operation, outcome }));
  const countOf = (handles: Handles, { transport, game, operation }: Names, code: number): CounterHandle =>
    computed(handles.byCode, code, () => total.labels({ transport, game, operation, code: String(code) }));
  /** Cached reads come in crowds of one kind. */
  let last: (Names & { readonly times: HistogramHandle; readonly total: CounterHandle }) | undefined;
  return {
    requestFinished: (request, seconds) => {
      const { transport, game, operation, code } = request;
      const handles = handlesOf(request);
      const times = timesOf(handles, request, outcomeOf(code));
      if (request.span?.isRecorded === true) times.observeTraced(seconds, { trace_id: request.span.traceId });
      else times.observe(seconds);
      countOf(handles, request, code).add();
      for (const each of stages) {
        const ms = request.msOf(each);
        if (ms > 0) (handles.stages[each] ??= stage.labels({ transport, game, operation, stage: each })).observe(ms / 1000);
      }
    },
    readsAnswered: (reads) => {
      if (last === undefined || reads.operation !== last.operation || reads.game !== last.game || reads.transport !== last.transport) {
        const { transport, game, operation } = reads;
        const handles = handlesOf(reads);
        last = { transport, game, operation, times: timesOf(handles, reads, 'success'), total: countOf(handles, reads, 0) };
      }
      last.times.observeMany(reads.seconds, reads.count);
      last.total.add(reads.count);
    },
  };
}

/** What a series is found by, besides what came of the request. */
type Names = Pick<RequestScope, 'transport' | 'game' | 'operation'>;

function outcomeOf(code: number): Outcome {
  if (code === 0) return 'success';
  return code < 2000 ? 'failed' : 'rejected';
}

function computed<K, V>(map: Map<K, V>, key: K, compute: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const value = compute();
  map.set(key, value);
  return value;
}
