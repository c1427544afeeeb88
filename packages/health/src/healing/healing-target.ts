import type { Alert } from '../alerts/alert.ts';
import type { Labels } from '../alerts/labels.ts';
import { type Ended, withDeadline } from '../deadline.ts';
import { reasonOf } from '../errors.ts';
import { type Clock, maxTimerMs, type Timer, type Timers } from '../time.ts';
import type { HealingAction, HealingBinding, HealingEntry, HealingSkip } from './action.ts';
import { Pace } from './pace.ts';

/** What a target works with. */
export interface TargetDependencies {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly newId: () => string;
  readonly audit: (entry: HealingEntry) => void | Promise<void>;
  readonly auditDeadlineMs: number;
  readonly auditFailed: (entry: HealingEntry) => void;
  readonly skipped: (skip: HealingSkip) => void;
}

/** An alert that fires, and what it wants done. */
interface Wish {
  readonly binding: HealingBinding;
  readonly alert: Alert;
  /** It has had its run, and wants no other. */
  isServed: boolean;
  /** Its waiting has been told of, or it has not had to wait. */
  isTold: boolean;
}

const defaultDeadlineMs = 30_000;

/**
 * One action on one thing: whoever wants it, it runs once at a time, at its pace, and is taken back when nobody wants it any longer.
 *
 * One loop at most is under way (`#work`), and it alone starts runs; that is what keeps them apart.
 */
export class HealingTarget {
  readonly #action: HealingAction;
  readonly #labels: Labels;
  readonly #dependencies: TargetDependencies;
  readonly #pace = new Pace();
  readonly #stopping = new AbortController();
  /** By rule and alert; what fires stays here until it is over, served or not. */
  readonly #wishes = new Map<string, Wish>();
  /** Who had the last run that has not been taken back. */
  #done: Wish | undefined;
  #isBusy = false;
  #timer: Timer | undefined;

  constructor(action: HealingAction, labels: Labels, dependencies: TargetDependencies) {
    this.#action = action;
    this.#labels = labels;
    this.#dependencies = dependencies;
  }

  /** An alert began to fire. */
  want(binding: HealingBinding, alert: Alert): void {
    const wish = { binding, alert, isServed: false, isTold: false };
    this.#wishes.set(wishKey(binding, alert), wish);
    if (this.#isBusy) this.#tellWaiting(wish, { reason: 'still-running', until: undefined });
    this.#wake();
  }

  /** An alert is over. */
  release(binding: HealingBinding, alert: Alert): void {
    if (this.#wishes.delete(wishKey(binding, alert))) this.#wake();
  }

  /** Nothing would be lost if it were made anew. */
  isOver(now: number): boolean {
    return !this.#isBusy && this.#wishes.size === 0 && this.#done === undefined && this.#pace.isOver(now);
  }

  /** Starts nothing more, and aborts what runs. */
  stop(): void {
    this.#stopping.abort();
    this.#timer?.cancel();
    this.#wishes.clear();
  }

  #wake(): void {
    if (!this.#isBusy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    this.#timer?.cancel();
    for (let step = this.#next(); step !== undefined; step = this.#next()) await step();
    this.#isBusy = false;
  }

  /** What to do now: undo what nobody wants any longer, or run what somebody may have; else a timer wakes it when somebody may. */
  #next(): (() => Promise<void>) | undefined {
    if (this.#stopping.signal.aborted) return undefined;
    const done = this.#done;
    if (done !== undefined && this.#wishes.size === 0) {
      this.#done = undefined;
      if (this.#action.undo !== undefined) return () => this.#heal('undo', done);
    }
    const now = this.#dependencies.clock.now();
    const open = [...this.#wishes.values()].filter(({ isServed }) => !isServed).map((wish) => ({ wish, wait: this.#pace.wait(wish.binding, now) }));
    const ready = open.find(({ wait }) => wait === undefined);
    if (ready !== undefined) return () => this.#run(ready.wish, now);
    for (const { wish, wait } of open) if (wait !== undefined) this.#tellWaiting(wish, wait);
    const wakeAt = open.reduce((at, { wait }) => Math.min(at, wait?.until ?? Infinity), Infinity);
    if (wakeAt < Infinity) this.#timer = this.#dependencies.timers.after(Math.min(Math.max(1, wakeAt - now), maxTimerMs), () => this.#wake());
    return undefined;
  }

  async #run(wish: Wish, now: number): Promise<void> {
    this.#pace.start(now);
    this.#done = wish;
    // Whoever waited for the same thing has had it, too.
    for (const other of this.#wishes.values()) {
      other.isServed = !other.binding.repeats;
      other.isTold = true;
    }
    await this.#heal('run', wish);
  }

  async #heal(kind: HealingEntry['kind'], { binding, alert }: Wish): Promise<void> {
    const { clock, timers, newId } = this.#dependencies;
    const { name, deadlineMs = defaultDeadlineMs } = this.#action;
    const about = { id: newId(), kind, action: name, rule: binding.rule, target: this.#labels, fingerprint: alert.fingerprint };
    await this.#audit({ ...about, phase: 'started', at: Math.round(clock.now()) });
    const startedAt = clock.now();
    const heal = (signal: AbortSignal): void | Promise<void> => (kind === 'run' ? this.#action.run(alert, signal) : this.#action.undo?.(alert, signal));
    const ended = await withDeadline(heal, { deadlineMs, timers, signal: this.#stopping.signal });
    const at = clock.now();
    const outcome = this.#stopping.signal.aborted && ended.how === 'late' ? stopped : outcomeOf(ended);
    await this.#audit({ ...about, phase: 'ended', at: Math.round(at), durationMs: Math.round(at - startedAt), ...outcome });
    // One that is late is still under way; another beside it is what this class is there to prevent.
    if (ended.how === 'late') await ended.settled;
  }

  async #audit(entry: HealingEntry): Promise<void> {
    const { audit, auditDeadlineMs, timers, auditFailed } = this.#dependencies;
    const { how } = await withDeadline(() => audit(entry), { deadlineMs: auditDeadlineMs, timers });
    if (how !== 'answered') auditFailed(entry);
  }

  #tellWaiting(wish: Wish, wait: Pick<HealingSkip, 'reason' | 'until'>): void {
    if (wish.isTold || wish.isServed) return;
    wish.isTold = true;
    this.#dependencies.skipped({ action: this.#action.name, rule: wish.binding.rule, fingerprint: wish.alert.fingerprint, ...wait });
  }
}

function wishKey({ rule }: HealingBinding, { fingerprint }: Alert): string {
  return `${rule}:${fingerprint}`;
}

/** The process ends, and with it what runs. */
const stopped: Pick<HealingEntry, 'outcome' | 'reason'> = { outcome: 'failed', reason: 'stopped' };

function outcomeOf(ended: Ended<void>): Pick<HealingEntry, 'outcome' | 'reason'> {
  if (ended.how === 'answered') return { outcome: 'succeeded' };
  return ended.how === 'late' ? { outcome: 'timed-out', reason: 'timeout' } : { outcome: 'failed', reason: reasonOf(ended.error, 'failed') };
}
