import { HealthError } from '../errors.ts';
import { type Clock, processTimers, steadyClock, type Timer, type Timers } from '../time.ts';
import { tell } from '../tell.ts';
import type { CheckedStatus, ComponentOptions, ComponentReport, Status, StatusChange } from './component.ts';
import { componentSettings } from './component-settings.ts';
import { Probe } from './probe.ts';
import { type HealthDetails, type HealthSummary, overallStatus, type Phase, readinessOf, type ReadinessReport, summaryOf } from './verdict.ts';

/** Set-up of {@link HealthMonitor}. */
export interface HealthMonitorOptions {
  /** Hears of every change of a status, for logs and alerts. What it throws becomes an uncaught exception. */
  readonly changed?: ((change: StatusChange) => void) | undefined;
  /** Default: the time of day that never jumps. */
  readonly clock?: Clock | undefined;
  /** Default: those of the process; none keeps it alive. */
  readonly timers?: Timers | undefined;
}

/** The watch looks no more often than this, in milliseconds: a `ttlMs` of 0 is for whoever asks, not for a timer. */
const minWatchMs = 1000;

/**
 * Knows how the parts of a process fare. Parts come and go while it runs; each has a deadline, a result that counts for a while, and
 * thresholds that keep a blip from being an outage.
 *
 * A question is answered within the longest deadline of what it is about, however many ask and whatever hangs: each check runs once at a
 * time. With {@link start} the checks run whether anyone asks or not. State is in memory and ends with the process.
 *
 * @example
 * ```ts
 * import { HealthMonitor, pingCheck } from '@midgard/health';
 *
 * const database = { ping: () => Promise.resolve() };
 * const monitor = new HealthMonitor({ changed: ({ name, from, to }) => console.warn(`${name}: ${from} → ${to}`) });
 * monitor.register({ name: 'database:realm', kind: 'database', isCritical: true, check: pingCheck(() => database.ping()) });
 * monitor.start();
 * monitor.enter('serving');
 * console.log(await monitor.ready());
 * ```
 */
export class HealthMonitor {
  readonly #probes = new Map<string, Probe>();
  readonly #watches = new Map<Probe, Timer>();
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #changed: (change: StatusChange) => void;
  #phase: Phase = 'warming';
  #isWatching = false;

  constructor({ changed = () => undefined, clock = steadyClock, timers = processTimers }: HealthMonitorOptions = {}) {
    this.#changed = changed;
    this.#clock = clock;
    this.#timers = timers;
  }

  /** What the process does; `warming` at first. */
  get phase(): Phase {
    return this.#phase;
  }

  /** Tells it what the process does now. */
  enter(phase: Phase): void {
    this.#phase = phase;
  }

  /**
   * Takes a component under watch.
   *
   * @returns takes it out again: a check that runs is aborted, and nothing more is told of it
   * @throws {HealthError} `ERR_HEALTH_CLASH`: there is one of that name; `ERR_HEALTH_OPTIONS`: a setting is out of its range
   */
  register(options: ComponentOptions): () => void {
    const settings = componentSettings(options);
    const { name } = settings;
    if (this.#probes.has(name)) throw new HealthError('ERR_HEALTH_CLASH', `there is a component named ${name}`);
    const changed = (from: Status, to: CheckedStatus): void => this.#tell(probe, from, to);
    const probe = new Probe(settings, options.check, { clock: this.#clock, timers: this.#timers, changed });
    this.#probes.set(name, probe);
    if (this.#isWatching) this.#watch(probe);
    return () => {
      if (this.#probes.get(name) === probe) this.#remove(probe);
    };
  }

  /** Checks everything now and then again whenever a result is old, until {@link stop}. */
  start(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    for (const probe of this.#probes.values()) this.#watch(probe);
  }

  /** Ends the checks by timer. Questions are still answered. */
  stop(): void {
    this.#isWatching = false;
    for (const timer of this.#watches.values()) timer.cancel();
    this.#watches.clear();
  }

  /** The process runs and its event loop turns, or nobody would have this answer. It says nothing of others, so that their outage restarts nobody. */
  live(): { readonly status: 'up' } {
    return { status: 'up' };
  }

  /** Whether to send requests here, and why not. Checks first what is critical and whose result is old. */
  async ready(): Promise<ReadinessReport> {
    await this.#refresh([...this.#probes.values()].filter(({ settings }) => settings.isCritical));
    return readinessOf(this.snapshot(), this.#phase);
  }

  /** Counts, and no names. Checks first what is old. */
  async summary(): Promise<HealthSummary> {
    await this.#refresh(this.#probes.values());
    return summaryOf(this.snapshot(), this.#phase);
  }

  /** Everything. Checks first what is old. */
  async detailed(): Promise<HealthDetails> {
    await this.#refresh(this.#probes.values());
    const components = this.snapshot();
    return { status: overallStatus(components), phase: this.#phase, components };
  }

  /** One component; undefined when there is none of that name. Checks it first if its result is old. */
  async component(name: string): Promise<ComponentReport | undefined> {
    await this.#probes.get(name)?.refresh();
    return this.#probes.get(name)?.report();
  }

  /** What is known now, by name, without a check: for metrics. O(n log n). */
  snapshot(): readonly ComponentReport[] {
    return [...this.#probes.values()].map((probe) => probe.report()).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async #refresh(probes: Iterable<Probe>): Promise<void> {
    await Promise.all(Array.from(probes, (probe) => probe.refresh()));
  }

  #watch(probe: Probe): void {
    void probe.refresh().then(() => {
      if (!this.#isWatching || this.#probes.get(probe.settings.name) !== probe) return;
      this.#watches.get(probe)?.cancel();
      const delayMs = Math.max(probe.freshForMs, minWatchMs);
      this.#watches.set(
        probe,
        this.#timers.after(delayMs, () => this.#watch(probe)),
      );
    });
  }

  #remove(probe: Probe): void {
    this.#probes.delete(probe.settings.name);
    this.#watches.get(probe)?.cancel();
    this.#watches.delete(probe);
    probe.remove();
  }

  #tell(probe: Probe, from: Status, to: CheckedStatus): void {
    const { name, kind, isCritical, reason, details, since } = probe.report();
    tell(() => this.#changed({ name, kind, isCritical, from, to, reason, details, at: since }));
  }
}
