import { cpus, totalmem } from 'node:os';
import process from 'node:process';
import type { Phase, Progress } from './live/progress.ts';
import { checkOrders } from './order-check.ts';
import type { Outcome } from './outcome.ts';
import { addressOf, makesOrders, type Plan, titleOf } from './plan.ts';
import { deletePlayers, makePlayers } from './players.ts';
import { Recording } from './recording.ts';
import type { ServerFigures } from './server-figures.ts';
import { LoadThreads } from './traffic/load-threads.ts';
import type { BookedOrder } from './traffic/order-book.ts';

/** What a {@link StressRun} works with. */
export interface StressRunParts {
  readonly plan: Plan;
  /** Asked once a second; undefined: the service tells nothing of itself. */
  readonly readServer: () => Promise<ServerFigures | undefined>;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

/** What a run has come to. */
export interface StressResult {
  readonly outcome: Outcome;
  /** What could not be done after the load, for people. */
  readonly troubles: readonly string[];
}

const serverMs = 1000;

/** One stress run, from the making of its players to the reading back of its orders. */
export class StressRun {
  readonly #plan: Plan;
  readonly #readServer: StressRunParts['readServer'];
  readonly #now: () => number;
  readonly #recording: Recording;
  readonly #troubles: string[] = [];
  #phase: Phase = 'preparing';
  /** When the warm-up is over. */
  #measuresFrom = Number.POSITIVE_INFINITY;
  #stoppedAt: number | undefined;
  #threads: LoadThreads | undefined;
  #server: ServerFigures | undefined;
  #looking: Promise<void> | undefined;
  #orders: Outcome['orders'];

  constructor({ plan, readServer, now }: StressRunParts) {
    this.#plan = plan;
    this.#readServer = readServer;
    this.#now = now;
    this.#recording = new Recording({ threads: plan.threads, mostSeconds: plan.durationMs / 1000 });
  }

  /**
   * Does all of it, once.
   *
   * @throws {BenchError} the service is not there, or refuses what is made before the load
   */
  async run(): Promise<StressResult> {
    const at = new Date().toISOString();
    const players = await makePlayers(this.#plan);
    try {
      const book = await this.#load(players);
      if (makesOrders(this.#plan)) await this.#readBack(players, book);
    } finally {
      this.#phase = 'clearing up';
      await deletePlayers(this.#plan, players).catch((error: unknown) => this.#note('its players could not be deleted', error));
    }
    return { outcome: this.#outcome(at), troubles: this.#troubles };
  }

  /** Ends the load early: what was measured up to now is the outcome. */
  stop(): void {
    this.#stoppedAt ??= this.#now();
    this.#threads?.stop();
  }

  /** Where it is. */
  get progress(): Progress {
    const { warmUpMs, durationMs } = this.#plan;
    const sinceWarm = this.#now() - this.#measuresFrom;
    const isWarming = this.#phase === 'measuring' && sinceWarm < 0;
    const isOver = this.#phase === 'measuring' && (sinceWarm >= durationMs || this.#stoppedAt !== undefined);
    return {
      title: titleOf(this.#plan),
      phase: isOver ? 'waiting for the last answers' : isWarming ? 'warming up' : this.#phase,
      elapsedMs: isWarming ? warmUpMs + sinceWarm : sinceWarm,
      wholeMs: isWarming ? warmUpMs : durationMs,
      seconds: this.#recording.seconds(),
      latencyMs: this.#recording.latency,
      errorsByKind: this.#recording.errorsByKind,
      server: this.#server,
    };
  }

  async #load(players: readonly string[]): Promise<readonly BookedOrder[]> {
    await using threads = new LoadThreads(this.#plan, players, (counts, thread) => this.#recording.add(counts, thread));
    await threads.connect();
    if (this.#stoppedAt !== undefined) return [];
    this.#threads = threads;
    this.#phase = 'measuring';
    this.#measuresFrom = this.#now() + this.#plan.warmUpMs;
    this.#look();
    const looking = setInterval(() => this.#look(), serverMs);
    try {
      return await threads.run();
    } finally {
      clearInterval(looking);
      this.#threads = undefined;
      await this.#looking;
    }
  }

  /** Asks the service how it is, unless it has yet to say so from the last time. */
  #look(): void {
    this.#looking ??= this.#readServer().then((figures) => {
      this.#looking = undefined;
      this.#seen(figures);
    });
  }

  #seen(figures: ServerFigures | undefined): void {
    this.#server = figures;
    if (figures !== undefined && this.#now() >= this.#measuresFrom) this.#recording.noteServer(figures);
  }

  async #readBack(players: readonly string[], book: readonly BookedOrder[]): Promise<void> {
    this.#phase = 'reading orders back';
    try {
      this.#orders = { ...(await checkOrders(this.#plan, players, book)) };
    } catch (error) {
      this.#note('its orders could not be read back', error);
    }
  }

  #note(trouble: string, error: unknown): void {
    this.#troubles.push(`${trouble}: ${error instanceof Error ? error.message : String(error)}`);
  }

  #outcome(at: string): Outcome {
    const { durationMs, ratePerSecond = null } = this.#plan;
    const endsAt = Math.min(this.#stoppedAt ?? Number.POSITIVE_INFINITY, this.#measuresFrom + durationMs);
    const measuredMs = Number.isFinite(endsAt) && Number.isFinite(this.#measuresFrom) ? Math.max(0, endsAt - this.#measuresFrom) : 0;
    const { answered, errorsByKind, latency, distribution } = this.#recording;
    const errors = Object.values(errorsByKind).reduce((sum, count) => sum + count, 0);
    const { target, game, mix, connections, depth, threads, players, warmUpMs, run } = this.#plan;
    const mode = ratePerSecond === null ? 'closed' : 'open';
    const address = addressOf(target);
    const seconds = { warmUpSeconds: warmUpMs / 1000, durationSeconds: durationMs / 1000 };
    return {
      schema: 'midgard-bench/1',
      at,
      run,
      isEndedEarly: this.#stoppedAt !== undefined,
      settings: { address, game, mix: [...mix], mode, ratePerSecond, connections, depth, threads, players, ...seconds },
      machine: {
        node: process.version,
        platform: `${process.platform} ${process.arch}`,
        cpu: cpus()[0]?.model ?? 'unknown',
        cpus: cpus().length,
        memoryBytes: totalmem(),
      },
      measuredSeconds: measuredMs / 1000,
      requests: answered + errors,
      answered,
      errors,
      errorsByKind,
      ratePerSecond: measuredMs === 0 ? 0 : (answered * 1000) / measuredMs,
      latencyMs: latency,
      distribution,
      seconds: [...this.#recording.seconds(measuredMs)],
      ...(this.#orders !== undefined && { orders: this.#orders }),
    };
  }
}
