/** Latencies in microseconds. */
export interface Latency {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** What came of requests, as the load generator counts them. */
export interface Counted {
  readonly good: number;
  readonly refused: number;
  /** Refused ones by code: Midgard's, a status of HTTP; 404 where Redis or memcached have no such key. */
  readonly errors: Readonly<Record<string, number>>;
  /** Mean size of a good answer. */
  readonly answerBytes: number;
  /** Of good answers; at a rate counted from when each was due, with those that nobody answered. Null where there were none. */
  readonly latencyUs: Latency | null;
  readonly refusedUs: Latency | null;
}

/** The handshakes of a run. */
export interface Opened extends Counted {
  readonly kind: 'opened';
  readonly connections: number;
  readonly seconds: number;
}

/** A report on the way. */
export interface Interval extends Counted {
  readonly kind: 'interval';
  /** Seconds since the beginning. */
  readonly at: number;
  readonly seconds: number;
  /** Connections. */
  readonly open: number;
}

/** A report of connections that are held. */
export interface Held extends Omit<Interval, 'kind' | 'seconds'> {
  readonly kind: 'interval' | 'total';
  /** Connections that the server ended. */
  readonly dropped: number;
  /** Code of its last goodbye, 0 without one. */
  readonly goodbye: number;
  readonly pings: number;
  readonly pongs: number;
  readonly unanswered: number;
  readonly cpuSeconds: number;
}

/** What a whole run measured. */
export interface Total extends Counted {
  readonly kind: 'total';
  readonly seconds: number;
  /** Good answers a second. */
  readonly rate: number;
  readonly refusedRate: number;
  readonly unanswered: number;
  readonly dropped: number;
  readonly goodbye: number;
  /** Processor time of the generator itself. */
  readonly cpuSeconds: number;
}

/** Any line of the load generator. */
export type Report = Opened | Interval | Held | Total;

/** Reads one of its lines. */
export function parseReport(line: string): Report {
  const report: Report = JSON.parse(line);
  return report;
}
