import process from 'node:process';
import { IpcBus, processPort } from '@midgard/cache';
import { answerMetrics, type Exposition, type MetricsAnswers, Registry } from '@midgard/metrics';
import { z } from 'zod';
import { compose, type Service } from '../compose.ts';
import { type Config, configSchema } from '../config-schema.ts';
import { dieLoudly } from '../logs/die-loudly.ts';
import type { PreparedReload } from '../reload.ts';
import { SetupError } from '../setup-error.ts';
import { Channel } from './channel.ts';
import { leaveFrontEnds } from './leave.ts';
import { apartBy } from './process-metrics.ts';
import { type Seat, settingsOfWorker, type WorkerCount } from './seat.ts';
import { sharedLimits } from './shared-limits.ts';
import { Count } from './worker-messages.ts';

/** Descriptors of the sockets, behind the three standard streams and the channel. */
const sockets = { tcp: 4, http: 5 } as const;

const Beginning = z.object({
  settings: z.object({ config: configSchema, isProduction: z.boolean(), warnings: z.array(z.string()) }),
  worker: z.int(),
  number: z.int(),
  workers: z.int(),
});

/** How long writing down what is to be written may take, when the last request is answered. */
const lastWorkMs = 10_000;
/** Longer than the primary itself waits for the other workers. */
const readingMs = 9000;

type Ending = 'leave' | 'stop';

/**
 * Serves as one of several workers: does what the primary tells it, until that ends it or is gone.
 *
 * @throws {SetupError} `ERR_SETUP_WORKER`: no primary has started it
 */
export async function workerCommand(): Promise<void> {
  if (process.send === undefined)
    throw new SetupError('ERR_SETUP_WORKER', 'a worker is started by midgard start, with workers in the settings, and not by hand');
  const ending = Promise.withResolvers<Ending>();
  // The terminal sends these to all processes at once; what is to be done about them the primary says.
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => undefined);
  process.on('SIGTERM', () => ending.resolve('stop'));
  const worker = new Worker(ending.resolve);
  process.on('disconnect', () => {
    // A primary that was killed says nothing any more, and kills nobody who does not come to an end.
    setTimeout(() => process.exit(1), worker.graceMs + lastWorkMs).unref();
    ending.resolve('stop');
  });
  const how = await Promise.race([ending.promise, worker.failed]);
  await worker.end(how);
}

/** The service in this process, and what the primary asks of it. */
class Worker {
  /** Rejects where the service could not be started. */
  readonly failed: Promise<never>;
  readonly #fail: (error: unknown) => void;
  readonly #channel: Channel;
  #starting: Promise<Service> | undefined;
  #service: Service | undefined;
  #prepared: PreparedReload | undefined;
  #count: WorkerCount = { serving: 0, of: 0, isShedding: false };
  #metrics: MetricsAnswers | undefined;
  /** How long requests in flight are waited for at the end. */
  graceMs = 0;

  constructor(end: (how: Ending) => void) {
    const { promise, reject } = Promise.withResolvers<never>();
    this.failed = promise;
    this.#fail = reject;
    this.#channel = new Channel(process, {
      begin: (body) => this.#begin(Beginning.parse(body)),
      leave: () => end('leave'),
      stop: () => end('stop'),
      prepare: (body) => this.#prepare(configSchema.parse(body)),
      abandon: () => (this.#prepared = undefined),
      takeUp: () => this.#takeUp(),
      loads: () => ({ tcp: this.#service?.frontEnds.tcp.connections ?? 0, http: this.#service?.frontEnds.http.connections ?? 0 }),
      release: (body) => this.#service?.frontEnds.tcp.release(z.int().parse(body)),
      count: (body) => this.#heard(Count.parse(body)),
      job: (body) => this.#service?.job(body),
    });
  }

  /** Ends the service; also one that is only being started. */
  async end(how: Ending): Promise<void> {
    const service = await this.#starting;
    if (service === undefined) return;
    service.log.info({ how }, 'stopping');
    if (how === 'leave') await leaveFrontEnds(service.frontEnds, this.graceMs);
    await service.stop();
    await this.#metrics?.tell();
  }

  async #begin({ settings, worker, number, workers }: z.output<typeof Beginning>): Promise<Pick<Service, 'addresses' | 'scheme' | 'games' | 'developmentKey'>> {
    try {
      this.graceMs = settings.config.shutdownGraceMs;
      this.#count = { ...this.#count, serving: workers, of: workers };
      this.#starting = compose(settingsOfWorker(settings, { number, workers }), this.#seat(worker, workers));
      const service = await this.#starting;
      this.#service = service;
      service.shed(this.#count.isShedding);
      dieLoudly(process, service.log);
      this.#metrics = answerMetrics(service.registry, process, apartBy(String(worker)));
      const { addresses, scheme, games, developmentKey } = service;
      return { addresses, scheme, games, developmentKey };
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  #seat(worker: number, workers: number): Seat {
    const whole = new Registry();
    whole.onCollect(async () => whole.merge('all', await this.#channel.ask('snapshot', null, readingMs)));
    return {
      worker,
      of: workers,
      hasJobs: worker === 0,
      sockets,
      bus: new IpcBus({ port: processPort(process) }),
      limits: sharedLimits(this.#channel),
      page: {
        contentTypes: whole.contentTypes,
        scrape: async (exposition: Exposition) => z.string().parse(await this.#channel.ask('page', exposition, readingMs)),
      },
      whole,
      workers: () => this.#count,
      shed: (isOn) => this.#channel.tell('shed', isOn),
      askFirst: (job) => this.#channel.ask('job', job),
    };
  }

  #heard(count: WorkerCount): void {
    this.#count = count;
    this.#service?.shed(count.isShedding);
  }

  #prepare(config: Config): null {
    this.#prepared = this.#service?.prepareReload(config);
    return null;
  }

  async #takeUp(): Promise<object> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    await prepared?.takeUp();
    return { changed: prepared?.changed ?? [], of: prepared?.of ?? [] };
  }
}
