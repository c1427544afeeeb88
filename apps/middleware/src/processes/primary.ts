import { processPort, relayInvalidations } from '@midgard/cache';
import type { Logger } from '@midgard/logging';
import { ProcessGathering, type Registry } from '@midgard/metrics';
import type { Timers } from '@midgard/server';
import type { Settings } from '../config.ts';
import type { Config } from '../config-schema.ts';
import { reloadFailed, reloadTaken } from '../reload.ts';
import { RestartBackOff } from './back-off.ts';
import { surplus } from './balance.ts';
import { hasLeftovers } from './leftovers.ts';
import { Place } from './place.ts';
import { primaryMetrics, type PrimaryMetrics } from './primary-metrics.ts';
import { primaryAnswers } from './primary-answers.ts';
import { type Addresses, bindSockets } from './sockets.ts';
import { takenUp } from './taken-up.ts';
import { Changed, Loads } from './worker-messages.ts';
import type { WorkerCount } from './seat.ts';
import { type Announced, shownEnd, WorkerProcess } from './worker-process.ts';

/** What a {@link Primary} works with. */
export interface PrimaryParts {
  readonly settings: Settings;
  readonly workers: number;
  readonly addresses: Addresses;
  /** Flags of Node for the workers. */
  readonly execArgv: readonly string[];
  readonly registry: Registry;
  readonly log: Logger;
  readonly timers: Timers;
  /** Has the primary itself take up a configuration that all workers have. */
  readonly tookUp: (config: Config) => void;
  /** Hears that a worker cannot be kept alive: the service is to end. */
  readonly failed: (reason: string) => void;
}

const balanceEveryMs = 5000;
/** Beyond the grace period, for what comes after it: closing databases and files. */
const afterGraceMs = 5000;

/**
 * Starts the workers and looks after them. It answers no client itself: it holds their sockets without listening on them, so that what waits
 * there to be accepted stays when one worker follows another.
 */
export class Primary {
  readonly #parts: PrimaryParts;
  readonly #places: readonly Place[];
  readonly #metrics: PrimaryMetrics;
  readonly #gathering: ProcessGathering;
  readonly #relay = relayInvalidations();
  readonly #answers: ReturnType<typeof primaryAnswers>;
  readonly #all = new Set<WorkerProcess>();
  #settings: Settings;
  #isStopping = false;
  #isShedding = false;
  #changing: Promise<void> = Promise.resolve();
  #stopBalancing: () => void = () => undefined;

  /** @param parts the addresses must be free, see `claimAddresses` */
  constructor(parts: PrimaryParts) {
    const { workers, addresses, registry, settings } = parts;
    this.#parts = parts;
    this.#settings = settings;
    this.#places = Array.from({ length: workers }, (_, index) => new Place(index, bindSockets(addresses), new RestartBackOff()));
    this.#metrics = primaryMetrics(registry, () => this.count());
    this.#gathering = new ProcessGathering(registry);
    this.#answers = primaryAnswers({ registry, first: () => this.#places[0]?.current, shed: (isOn) => this.#shed(isOn) });
  }

  /** How many workers serve now. */
  count(): WorkerCount {
    return { serving: this.#places.filter(({ current }) => current?.isServing === true).length, of: this.#places.length, isShedding: this.#isShedding };
  }

  /**
   * Starts all workers: the first alone, which brings the tables up to date and makes what is missing, and then the others at once.
   *
   * @returns what the first tells
   * @throws {WorkerStartError} one ended before it was ready
   */
  async start(): Promise<Announced> {
    const [first, ...others] = this.#places;
    if (first === undefined) throw new RangeError('no worker');
    const announced = await this.#occupy(first, this.#spareNumber());
    await Promise.all(others.map((place) => this.#occupy(place, this.#spareNumber())));
    this.#tellCount();
    this.#stopBalancing = this.#parts.timers.every(balanceEveryMs, () => void this.#balance());
    await first.run(() => this.#takeUpLeftovers(first));
    return announced;
  }

  /**
   * Replaces the workers one by one: the next one serves before the one before it takes no more connections. A faulty configuration, or a new
   * worker that does not come up, ends the roll, and those before go on.
   */
  roll(read: () => Settings): Promise<void> {
    return this.#change(async () => {
      const settings = attempt(read, this.#parts.log);
      if (settings === undefined) return;
      this.#settings = settings;
      this.#parts.tookUp(settings.config);
      for (const place of this.#places) await place.run(() => this.#replace(place));
      this.#parts.log.info({ workers: this.#places.length }, 'all workers were replaced');
    }).catch((error: unknown) => this.#parts.log.error({ err: error }, 'a new worker did not come up: the roll ends, and those before go on'));
  }

  /** Has all workers take up a configuration, or none. */
  reload(read: () => Settings): Promise<void> {
    const { log } = this.#parts;
    return this.#change(async () => {
      const fresh = attempt(read, log);
      if (fresh === undefined) return;
      const workers = this.#serving();
      try {
        await Promise.all(workers.map(({ channel }) => channel.ask('prepare', fresh.config)));
      } catch (error) {
        for (const { channel } of workers) channel.tell('abandon');
        return reloadFailed(error, log);
      }
      this.#settings = { ...this.#settings, config: takenUp(this.#settings.config, fresh.config) };
      this.#parts.tookUp(fresh.config);
      const changed = await Promise.all(workers.map(({ channel }) => channel.ask('takeUp')));
      reloadTaken(Changed.parse(changed[0]), log);
    }).catch((error: unknown) => log.error({ err: error }, 'a worker could not take up the configuration'));
  }

  /** Has all workers answer what they have and end. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopBalancing();
    const limitMs = this.#settings.config.shutdownGraceMs + afterGraceMs;
    await Promise.all(Array.from(this.#all, (worker) => worker.stop('stop', limitMs)));
    for (const { sockets } of this.#places) sockets[Symbol.dispose]();
    this.#gathering.stop();
    this.#relay.close();
  }

  /** Ends all workers at once. */
  kill(): void {
    for (const { child } of this.#all) child.kill('SIGKILL');
  }

  #serving(): readonly WorkerProcess[] {
    return this.#places.flatMap(({ current }) => (current?.isServing === true ? [current] : []));
  }

  /** One change of all at a time. */
  #change(task: () => Promise<void>): Promise<void> {
    const done = this.#changing.then(() => (this.#isStopping ? undefined : task()));
    this.#changing = done.catch(() => undefined);
    return done;
  }

  /** The least that nobody has: there is one more than workers. */
  #spareNumber(): number {
    const taken = new Set(Array.from(this.#all, ({ number }) => number));
    let number = 0;
    while (taken.has(number)) number += 1;
    return number;
  }

  /** Starts a process for a place. The one that has it, if any, serves until this one does. */
  async #occupy(place: Place, number: number): Promise<Announced> {
    const { execArgv, workers } = this.#parts;
    const settings = place.index === 0 ? this.#settings : { ...this.#settings, warnings: [] };
    const worker = WorkerProcess.start({ sockets: place.sockets, number, answers: this.#answers, execArgv });
    this.#all.add(worker);
    void worker.ended.then(() => this.#all.delete(worker));
    this.#relay.add(processPort(worker.child));
    const announced = await worker.begin({ settings, worker: place.index, number, workers });
    // Not before: one that is only starting answers no questions, and every reading would wait for it.
    this.#gathering.add(`worker ${place.index} ${worker.child.pid ?? 0}`, worker.child);
    place.current = worker;
    await this.#catchUp(worker, settings.config);
    place.backOff.ready();
    void worker.ended.then((end) => {
      if (place.current !== worker || this.#isStopping) return;
      this.#metrics.died();
      this.#parts.log.error({ worker: place.index, pid: worker.child.pid, end: shownEnd(end) }, 'a worker died: it is started again');
      // Who decided it is gone, and its successor begins anew.
      if (place.index === 0) this.#isShedding = false;
      this.#tellCount();
      void this.#revive(place, number);
    });
    this.#parts.log.info({ worker: place.index, pid: worker.child.pid, instance: settings.config.instance + number }, 'a worker serves');
    return announced;
  }

  /** The next process of a place whose last one died, under the same number: what its durable logs hold is then made in the database. */
  #revive(place: Place, number: number): Promise<void> {
    return place.run(async () => {
      // A roll was faster.
      while (place.current?.hasEnded === true && !this.#isStopping) {
        const waitMs = place.backOff.died();
        if (waitMs === undefined) return this.#parts.failed(`worker ${place.index} died again and again: see the log for why`);
        // What was waiting on its socket is reset, and who comes now gets one of the others, at once.
        place.sockets[Symbol.dispose]();
        place.sockets = bindSockets(this.#parts.addresses);
        await this.#wait(waitMs);
        if (this.#isStopping) return;
        await this.#occupy(place, number).catch((error: unknown) =>
          this.#parts.log.error({ err: error, worker: place.index }, 'a worker could not be started'),
        );
      }
      this.#tellCount();
    });
  }

  /** What the others took up while this one was being started. */
  async #catchUp({ channel }: WorkerProcess, { auth, games, log }: Config): Promise<void> {
    const { config } = this.#settings;
    if (config.auth === auth && config.games === games && config.log === log) return;
    await channel.ask('prepare', config);
    await channel.ask('takeUp');
  }

  async #replace(place: Place, isForLeftovers = false): Promise<void> {
    const before = place.current;
    if (this.#isStopping) return;
    await this.#occupy(place, this.#spareNumber());
    this.#metrics.rolled();
    if (place.index === 0) this.#isShedding = false;
    // Its last numbers must not be missing, and it has its grace period twice: to be left, and to end.
    await before?.stop('leave', 2 * this.#settings.config.shutdownGraceMs + afterGraceMs);
    this.#tellCount();
    // It may have died in that very moment, or its time was over.
    if (!isForLeftovers) await this.#takeUpLeftovers(place);
  }

  /** Writes of the number that nobody has, as after a crash in the middle of a roll: the next process of a place gets it. */
  async #takeUpLeftovers(place: Place): Promise<void> {
    const { dataDir, instance } = this.#settings.config;
    const spare = instance + this.#spareNumber();
    if (this.#isStopping || !(await hasLeftovers(dataDir, spare))) return;
    this.#parts.log.warn({ instance: spare }, 'a worker left acknowledged writes behind: they are made now');
    await this.#replace(place, true);
  }

  async #balance(): Promise<void> {
    const workers = this.#serving();
    if (workers.length < this.#places.length) return;
    try {
      const loads = await Promise.all(workers.map(async ({ channel }) => Loads.parse(await channel.ask('loads'))));
      for (const [at, count] of surplus(loads.map(({ tcp }) => tcp)).entries()) {
        if (count === 0) continue;
        workers[at]?.channel.tell('release', count);
        this.#metrics.released(count);
      }
    } catch (error) {
      this.#parts.log.debug({ err: error }, 'connections could not be counted');
    }
  }

  #shed(isOn: boolean): void {
    this.#isShedding = isOn;
    this.#tellCount();
  }

  #tellCount(): void {
    for (const { channel } of this.#all) channel.tell('count', this.count());
  }

  #wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = this.#parts.timers.every(ms, () => {
      stop();
      resolve();
    });
    return promise;
  }
}

function attempt(read: () => Settings, log: Logger): Settings | undefined {
  try {
    return read();
  } catch (error) {
    reloadFailed(error, log);
    return undefined;
  }
}
