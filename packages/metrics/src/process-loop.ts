import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Registry } from './registry.ts';

/** How often the event loop is looked at for the percentiles, in milliseconds; what is read includes it. */
const loopResolutionMs = 10;
/** How often for the histogram, which a timer in JavaScript fills: 50 times a second costs less than a thousandth of a core. */
const sampleEveryMs = 20;
/** From what no one feels to what a health check fails at. */
const delayBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
/** What is recent: at least as long, at most twice as long where it is read as often. */
const recentMs = 30_000;

type DelayMonitor = ReturnType<typeof monitorEventLoopDelay>;

/**
 * Reports how late the event loop is and how busy: as a histogram for whoever asks Prometheus, and as gauges of the last half to whole minute, whoever else
 * reads them.
 *
 * @returns a function that ends it
 */
export function collectLoop(registry: Registry): () => void {
  const enders = [collectDelay(registry), collectLag(registry), collectUtilization(registry)];
  return () => {
    for (const end of enders) end();
  };
}

function collectDelay(registry: Registry): () => void {
  const seconds = registry
    .histogram({ name: 'nodejs_eventloop_delay_seconds', help: 'How late timers of the event loop were', buckets: delayBuckets })
    .labels({});
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    seconds.observe(Math.max(0, now - last - sampleEveryMs) / 1000);
    last = now;
  }, sampleEveryMs).unref();
  return () => clearInterval(timer);
}

function collectLag(registry: Registry): () => void {
  const gauge = (name: string, help: string): { set(value: number): void } => registry.gauge({ name, help, merge: 'max' }).labels({});
  const median = gauge('nodejs_eventloop_lag_p50_seconds', 'How late the event loop was in the last half minute or more, median');
  const slowest = gauge('nodejs_eventloop_lag_p99_seconds', 'How late the event loop was in the last half minute or more, 99th percentile');
  const worst = gauge('nodejs_eventloop_lag_max_seconds', 'How late the event loop was in the last half minute or more, most');
  const monitors = new Recent<DelayMonitor>(startedMonitor(), startedMonitor(), (monitor) => {
    monitor.reset();
    return monitor;
  });
  const remove = registry.onCollect(() => {
    const delay = monitors.older(performance.now());
    const isMeasured = delay.count > 0;
    median.set(isMeasured ? lateness(delay.percentile(50)) : 0);
    slowest.set(isMeasured ? lateness(delay.percentile(99)) : 0);
    worst.set(isMeasured ? lateness(delay.max) : 0);
  });
  return () => {
    remove();
    for (const monitor of monitors.both) monitor.disable();
  };
}

function collectUtilization(registry: Registry): () => void {
  const utilization = registry
    .gauge({ name: 'nodejs_eventloop_utilization', help: 'Part of the last half minute or more that the event loop was busy', merge: 'max' })
    .labels({});
  const marks = new Recent<EventLoopUtilization>(mark(), mark(), mark);
  return registry.onCollect(() => utilization.set(performance.eventLoopUtilization(mark(), marks.older(performance.now())).utilization));
}

function mark(): EventLoopUtilization {
  return performance.eventLoopUtilization();
}

/**
 * Two measurements that are begun in turns, so that one of them is always old enough: were one begun anew with each reading, two readers would each see a
 * part.
 */
export class Recent<T> {
  readonly #renew: (old: T) => T;
  #older: T;
  #younger: T;
  #turnedAt: number | undefined;

  /** @param renew begins a measurement anew */
  constructor(older: T, younger: T, renew: (old: T) => T) {
    this.#older = older;
    this.#younger = younger;
    this.#renew = renew;
  }

  /** @param now milliseconds that never go back */
  older(now: number): T {
    this.#turnedAt ??= now;
    if (now - this.#turnedAt >= recentMs) {
      [this.#older, this.#younger] = [this.#younger, this.#renew(this.#older)];
      this.#turnedAt = now;
    }
    return this.#older;
  }

  /** To end them. */
  get both(): readonly T[] {
    return [this.#older, this.#younger];
  }
}

function startedMonitor(): DelayMonitor {
  const monitor = monitorEventLoopDelay({ resolution: loopResolutionMs });
  monitor.enable();
  return monitor;
}

function lateness(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - loopResolutionMs / 1000);
}
