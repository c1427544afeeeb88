import { type CounterHandle, exponentialBuckets, type HistogramHandle, type Registry } from '@midgard/metrics';
import { type RequestScope, type Stage, stages, type Transport } from '@midgard/server';

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

/**
 * Rate, errors and duration of each operation, and where its time went.
 *
 * @returns to be called with each finished request: look-ups and array writes, from the second of its kind on
 */
export function requestMetrics(registry: Registry): (request: RequestScope, seconds: number) => void {
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
  const known: Record<Transport, Map<string, Map<string, Handles>>> = { tcp: new Map(), http: new Map() };
  return (request, seconds) => {
    const { transport, game, operation, code } = request;
    const ofGame = computed(known[transport], game, () => new Map());
    const handles = computed(ofGame, operation, (): Handles => ({ seconds: {}, stages: {}, byCode: new Map() }));
    const names = { transport, game, operation };
    const outcome = outcomeOf(code);
    const times = (handles.seconds[outcome] ??= duration.labels({ ...names, outcome }));
    if (request.span?.isRecorded === true) times.observeTraced(seconds, { trace_id: request.span.traceId });
    else times.observe(seconds);
    computed(handles.byCode, code, () => total.labels({ ...names, code: String(code) })).add();
    for (const each of stages) {
      const ms = request.msOf(each);
      if (ms > 0) (handles.stages[each] ??= stage.labels({ ...names, stage: each })).observe(ms / 1000);
    }
  };
}

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
