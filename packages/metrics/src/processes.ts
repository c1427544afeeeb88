import { type ApartOptions, setApart } from './merge/apart.ts';
import { membersOf } from './merge/parse.ts';
import type { Registry } from './registry.ts';

/** What `process` of a child process, a `ChildProcess` and a `cluster.Worker` have in common. */
export interface MetricsPeer {
  send?(message: object, handle: undefined, options: undefined, done: (error: Error | null) => void): boolean;
  on(event: 'message' | 'disconnect', listener: (message: unknown) => void): unknown;
  off(event: 'message' | 'disconnect', listener: (message: unknown) => void): unknown;
}

/** The side of the process that is asked. */
export interface MetricsAnswers {
  /** Tells the numbers unasked: before an orderly end, so that none is lost that was counted since the last reading. */
  tell(): Promise<void>;
  /** Answers no more. */
  stop(): void;
}

/** Who is asked, and the numbers told: members of messages on a channel that others use, too. */
const asks = 'midgardMetricsAsk';
const tells = 'midgardMetrics';

/**
 * Adds to a registry what other processes count: at each {@link Registry.scrape} and {@link Registry.snapshot} they are asked, and between two readings nothing
 * is sent. A process that does not answer in time is shown as it last answered. When one ends, what it last told stays counted.
 *
 * @example
 * ```ts
 * import { fork } from 'node:child_process';
 * import { ProcessGathering, Registry } from '@midgard/metrics';
 *
 * const registry = new Registry();
 * const processes = new ProcessGathering(registry);
 * processes.add('worker 1', fork('worker.js')); // which calls answerMetrics(itsRegistry, process)
 * ```
 */
export class ProcessGathering {
  readonly #registry: Registry;
  readonly #leave: () => void;
  readonly #asked = new Set<AskedProcess>();

  /** @param registry which shows the numbers */
  constructor(registry: Registry) {
    this.#registry = registry;
    this.#leave = registry.onCollect(async () => {
      await Promise.all(Array.from(this.#asked, (each) => each.ask()));
    });
  }

  /**
   * @param source whose numbers they are; one that was started in the place of another may have its name
   * @param peer the child process or cluster worker; it leaves by itself when it disconnects
   */
  add(source: string, peer: MetricsPeer): void {
    const asked: AskedProcess = new AskedProcess(peer, {
      told: (snapshot) => this.#registry.merge(source, snapshot),
      // Another that has its name already is not meant.
      ended: (instance) => {
        this.#asked.delete(asked);
        if (instance !== undefined) this.#registry.retire(source, instance);
      },
    });
    this.#asked.add(asked);
  }

  /** Asks nobody any more; what was told stays. */
  stop(): void {
    this.#leave();
    for (const each of this.#asked) each.leave();
    this.#asked.clear();
  }
}

/**
 * Answers a {@link ProcessGathering} in the process that started this one.
 *
 * @param registry that of this process
 * @param peer `process`
 * @param apart metrics that are shown for each process by itself; default: none
 */
export function answerMetrics(registry: Registry, peer: MetricsPeer, apart?: ApartOptions): MetricsAnswers {
  const tell = async (): Promise<void> => {
    const snapshot = await registry.snapshot();
    await send(peer, { [tells]: apart === undefined ? snapshot : setApart(snapshot, apart) });
  };
  const onMessage = (message: unknown): void => {
    if (membersOf(message)?.[asks] === true) void tell();
  };
  peer.on('message', onMessage);
  return { tell, stop: () => void peer.off('message', onMessage) };
}

/** Hears of one process. */
interface AskedListener {
  readonly told: (snapshot: unknown) => void;
  /** @param instance undefined where it never told anything */
  readonly ended: (instance: string | undefined) => void;
}

class AskedProcess {
  readonly #peer: MetricsPeer;
  readonly #listener: AskedListener;
  #instance: string | undefined;
  /** One question at a time, however many read. */
  #pending: PromiseWithResolvers<void> | undefined;
  readonly #onMessage = (message: unknown): void => this.#heard(message);
  readonly #onDisconnect = (): void => {
    this.leave();
    this.#listener.ended(this.#instance);
  };

  constructor(peer: MetricsPeer, listener: AskedListener) {
    this.#peer = peer;
    this.#listener = listener;
    peer.on('message', this.#onMessage);
    peer.on('disconnect', this.#onDisconnect);
  }

  async ask(): Promise<void> {
    if (this.#pending === undefined) {
      this.#pending = Promise.withResolvers();
      void send(this.#peer, { [asks]: true }).then((isSent) => isSent || this.#pending?.resolve());
    }
    await this.#pending.promise;
  }

  leave(): void {
    this.#peer.off('message', this.#onMessage);
    this.#peer.off('disconnect', this.#onDisconnect);
    this.#pending?.resolve();
  }

  #heard(message: unknown): void {
    const snapshot = membersOf(message)?.[tells];
    if (snapshot === undefined) return;
    const pending = this.#pending;
    this.#pending = undefined;
    try {
      this.#listener.told(snapshot);
      const instance = membersOf(snapshot)?.['instance'];
      if (typeof instance === 'string') this.#instance = instance;
      pending?.resolve();
    } catch (error) {
      pending?.reject(error);
    }
  }
}

/** Whether it could be sent: false to one that has gone. */
function send(peer: MetricsPeer, message: object): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  if (peer.send === undefined) resolve(false);
  else peer.send(message, undefined, undefined, (error) => resolve(error === null));
  return promise;
}
