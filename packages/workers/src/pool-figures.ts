import { DelayWindow, type Percentiles } from './delay-window.ts';
import type { TaskOutcome } from './job.ts';

/** What a pool does and has done. `accepted` tasks end in exactly one of the outcomes, or are still `running` or `queued`. */
export interface WorkerPoolStats {
  readonly name: string;
  /** Those included that are still starting. */
  readonly threads: number;
  readonly running: number;
  readonly queued: number;
  /** Since the pool was made; what was refused is not in it. */
  readonly accepted: number;
  readonly completed: number;
  /** The task threw. */
  readonly failed: number;
  readonly timedOut: number;
  readonly aborted: number;
  /** The thread died under the task. */
  readonly crashed: number;
  /** Rejected because the pool was closed. */
  readonly closed: number;
  /** Turned away because the queue was full. */
  readonly refused: number;
  /** How long the last 256 tasks that started waited for it, milliseconds. */
  readonly waitMs: Percentiles;
  /** How long the last 256 tasks that ended were on their thread, milliseconds. */
  readonly runMs: Percentiles;
}

/** Counts of one pool. */
export class PoolFigures {
  readonly wait: DelayWindow = new DelayWindow();
  readonly run: DelayWindow = new DelayWindow();
  readonly outcomes: Record<TaskOutcome, number> = { completed: 0, failed: 0, timedOut: 0, aborted: 0, crashed: 0, closed: 0 };
  accepted = 0;
  refused = 0;

  stats(now: Pick<WorkerPoolStats, 'name' | 'threads' | 'running' | 'queued'>): WorkerPoolStats {
    return {
      ...now,
      accepted: this.accepted,
      ...this.outcomes,
      refused: this.refused,
      waitMs: this.wait.percentiles(),
      runMs: this.run.percentiles(),
    };
  }
}
