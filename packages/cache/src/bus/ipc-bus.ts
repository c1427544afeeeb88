import { CacheError } from '../errors.ts';
import type { BusListener, InvalidationBus } from './bus.ts';
import type { IpcPort } from './ipc-port.ts';
import { unwrapWord, wrapWord } from './ipc-words.ts';

/** How an {@link IpcBus} is set up. */
export interface IpcBusOptions {
  /** To the process that relays. */
  readonly port: IpcPort;
  /** Milliseconds after which a word that nobody confirmed counts as unsaid. Default 1000. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 1000;
/** A pipe of the machine takes microseconds; the rest is for a relay that is busy. */
const boundMs = 100;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: CacheError) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * The bus between the workers of one machine, without any server: through the process that started them, which calls
 * {@link relayInvalidations}. Its channels lose nothing until they close, and a worker whose channel has closed is `lost` for good.
 *
 * @example
 * ```ts
 * import { IpcBus, processPort } from '@midgard/cache';
 *
 * const bus = new IpcBus({ port: processPort(process) }); // in a worker
 * await bus.start({ heard: (message) => console.log(message), lost: () => undefined, joined: () => undefined });
 * ```
 */
export class IpcBus implements InvalidationBus {
  readonly boundMs: number = boundMs;
  readonly #port: IpcPort;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #listener: BusListener | undefined;
  #isStarted = false;
  #isJoined = false;
  #isOver = false;
  #lastId = 0;

  /** @throws {CacheError} `ERR_CACHE_OPTIONS`: the time-out is not a positive number */
  constructor({ port, timeoutMs = defaultTimeoutMs }: IpcBusOptions) {
    if (!(timeoutMs > 0)) throw new CacheError('ERR_CACHE_OPTIONS', `timeoutMs must be a positive number, not ${timeoutMs}`);
    this.#port = port;
    this.#timeoutMs = timeoutMs;
  }

  /** Does not wait for the relay: it joins when that answers. */
  start(listener: BusListener): Promise<void> {
    if (this.#isStarted || this.#isOver) return Promise.reject(new CacheError('ERR_CACHE_BUS', 'a bus is started once'));
    this.#isStarted = true;
    this.#listener = listener;
    this.#port.onMessage((envelope) => this.#hear(envelope));
    this.#port.send(wrapWord({ kind: 'hello' }));
    this.#port.onClose(() => this.#end('the channel to the relay has closed'));
    return Promise.resolve();
  }

  publish(message: string): Promise<void> {
    if (this.#isOver || !this.#isJoined) return Promise.reject(new CacheError('ERR_CACHE_BUS', 'nobody relays what is said'));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const id = (this.#lastId += 1);
    const timer = setTimeout(() => {
      this.#waiting.delete(id);
      reject(new CacheError('ERR_CACHE_BUS', `the relay did not answer within ${this.#timeoutMs} ms`));
    }, this.#timeoutMs);
    this.#waiting.set(id, { resolve, reject, timer });
    this.#port.send(wrapWord({ kind: 'say', id, message }));
    return promise;
  }

  close(): Promise<void> {
    this.#listener = undefined;
    this.#end('the bus is closed');
    return Promise.resolve();
  }

  #hear(envelope: unknown): void {
    const word = unwrapWord(envelope);
    if (word?.kind === 'word') this.#listener?.heard(word.message);
    if (word?.kind === 'joined' && !this.#isJoined) {
      this.#isJoined = true;
      this.#listener?.joined();
    }
    if (word?.kind !== 'said') return;
    const waiting = this.#waiting.get(word.id);
    this.#waiting.delete(word.id);
    clearTimeout(waiting?.timer);
    waiting?.resolve();
  }

  #end(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#port.leave();
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new CacheError('ERR_CACHE_BUS', why));
    }
    this.#waiting.clear();
    if (this.#isJoined) this.#listener?.lost('away');
  }
}
