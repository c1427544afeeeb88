import { withDeadline } from '../deadline.ts';
import type { Clock, Timers } from '../time.ts';
import type { CheckedStatus, CheckResult, ComponentOptions, ComponentReport, Status } from './component.ts';
import type { ComponentSettings } from './component-settings.ts';
import { resultOf } from './sound-result.ts';
import { Thresholds } from './thresholds.ts';

/** What a probe works with. */
export interface ProbeDependencies {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Hears when the status moves. */
  readonly changed: (from: Status, to: CheckedStatus) => void;
}

/**
 * One component under watch: runs its check, never twice at once and never more often than its results age.
 */
export class Probe {
  readonly settings: ComponentSettings;
  readonly #check: ComponentOptions['check'];
  readonly #dependencies: ProbeDependencies;
  readonly #thresholds: Thresholds;
  readonly #removal = new AbortController();
  #since: number;
  #last: CheckResult | undefined;
  #latencyMs: number | undefined;
  #checkedAt: number | undefined;
  #failures = 0;
  #running: Promise<void> | undefined;
  /** A check that outlived its deadline and has not ended yet. */
  #isStuck = false;

  constructor(settings: ComponentSettings, check: ComponentOptions['check'], dependencies: ProbeDependencies) {
    this.settings = settings;
    this.#check = check;
    this.#dependencies = dependencies;
    this.#thresholds = new Thresholds(settings);
    this.#since = dependencies.clock.now();
  }

  get status(): Status {
    return this.#thresholds.status;
  }

  /** Milliseconds until the result is too old; 0 when it is, or when there is none. */
  get freshForMs(): number {
    if (this.#checkedAt === undefined) return 0;
    return Math.max(0, this.#checkedAt + this.settings.ttlMs - this.#dependencies.clock.now());
  }

  /** Resolves with a result that is fresh: after the check that runs, or one that is started, or at once. Takes the deadline at most. */
  refresh(): Promise<void> {
    if (this.#running !== undefined) return this.#running;
    if (this.freshForMs > 0 || this.#removal.signal.aborted) return Promise.resolve();
    this.#running = this.#look().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Takes it out: what runs is aborted, and nothing more is told. */
  remove(): void {
    this.#removal.abort();
  }

  /** What is known now. */
  report(): ComponentReport {
    const { name, kind, isCritical } = this.settings;
    return {
      name,
      kind,
      isCritical,
      status: this.status,
      since: Math.round(this.#since),
      lastResult: this.#last?.status ?? 'unknown',
      reason: this.#last?.reason,
      details: this.#last?.details ?? {},
      latencyMs: this.#latencyMs,
      checkedAt: this.#checkedAt === undefined ? undefined : Math.round(this.#checkedAt),
      failures: this.#failures,
    };
  }

  async #look(): Promise<void> {
    const { clock, timers } = this.#dependencies;
    const startedAt = clock.now();
    // One that hangs is not started again beside itself: it has missed another deadline.
    if (this.#isStuck) return this.#record({ status: 'down', reason: 'timeout' }, startedAt);
    const { signal } = this.#removal;
    const ended = await withDeadline(this.#check, { deadlineMs: this.settings.deadlineMs, timers, signal });
    if (ended.how === 'late') this.#awaitEnd(ended.settled);
    this.#record(resultOf(ended), startedAt);
  }

  #awaitEnd(settled: Promise<void>): void {
    this.#isStuck = true;
    void settled.then(() => {
      this.#isStuck = false;
    });
  }

  #record(result: CheckResult, startedAt: number): void {
    if (this.#removal.signal.aborted) return;
    const now = this.#dependencies.clock.now();
    this.#last = result;
    this.#latencyMs = Math.round(Math.max(0, now - startedAt) * 10) / 10;
    this.#checkedAt = now;
    this.#failures = result.status === 'up' ? 0 : this.#failures + 1;
    const from = this.#thresholds.status;
    const to = this.#thresholds.add(result.status);
    if (to === from || to === 'unknown') return;
    this.#since = now;
    this.#dependencies.changed(from, to);
  }
}
