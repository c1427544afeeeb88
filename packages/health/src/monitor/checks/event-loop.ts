import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { HealthError } from '../../errors.ts';
import type { Check } from '../component.ts';

/** How the event loop fared since the last reading. */
export interface EventLoopFigures {
  /** Part of the time in which it was busy, 0 to 1. */
  readonly utilization: number;
  /** How late timers were, 99th percentile, milliseconds. */
  readonly delayMs: number;
}

/** Measures the event loop. */
export interface EventLoopGauge {
  read(): EventLoopFigures;
  /** Ends the measuring. */
  close(): void;
}

/** Set-up of {@link eventLoopCheck}. */
export interface EventLoopOptions {
  /** Degraded from this part of busy time on (default 0.95). */
  readonly degradedUtilization?: number | undefined;
  /** Degraded from this delay on, milliseconds (default 100). */
  readonly degradedDelayMs?: number | undefined;
  /** Down from this delay on, milliseconds, at least `degradedDelayMs` (default 2000). A busy loop that is in time is never down. */
  readonly downDelayMs?: number | undefined;
}

/**
 * Judges the event loop.
 *
 * @param gauge give {@link eventLoopGauge}
 * @throws {HealthError} `ERR_HEALTH_OPTIONS`: `downDelayMs` is below `degradedDelayMs`
 */
export function eventLoopCheck(gauge: Pick<EventLoopGauge, 'read'>, options: EventLoopOptions = {}): Check {
  const { degradedUtilization = 0.95, degradedDelayMs = 100, downDelayMs = 2000 } = options;
  if (!(degradedDelayMs <= downDelayMs)) throw new HealthError('ERR_HEALTH_OPTIONS', 'degradedDelayMs must be at most downDelayMs');
  return () => {
    const { utilization, delayMs } = gauge.read();
    const details = { utilization: Math.round(utilization * 1000) / 1000, delayMs: Math.round(delayMs * 10) / 10 };
    if (delayMs >= downDelayMs) return { status: 'down', reason: 'loop-blocked', details };
    if (delayMs >= degradedDelayMs) return { status: 'degraded', reason: 'loop-late', details };
    return utilization >= degradedUtilization ? { status: 'degraded', reason: 'loop-busy', details } : { status: 'up', details };
  };
}

/** Beyond the resolution of the histogram a timer is late; up to it, it just had to wait for its turn. */
const resolutionMs = 10;

/** Measures the event loop of this thread, and keeps no process alive. Close it when it is no longer needed. */
export function eventLoopGauge(): EventLoopGauge {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  let last: EventLoopUtilization = performance.eventLoopUtilization();
  return {
    read() {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      const delayMs = delays.count === 0 ? 0 : Math.max(0, delays.percentile(99) / 1e6 - resolutionMs);
      last = now;
      delays.reset();
      return { utilization, delayMs };
    },
    close() {
      delays.disable();
    },
  };
}
