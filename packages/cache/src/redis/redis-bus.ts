import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { BusListener, InvalidationBus } from '../bus/bus.ts';
import { CacheError } from '../errors.ts';
import { parseWord, publishInShardScript, publishScript, type Word } from './bus-words.ts';
import { KeyedCalls } from './keyed-calls.ts';
import { RedisAddress } from './redis-address.ts';
import { positive, redisDefaults, serversOf, type RedisOptions } from './redis-options.ts';
import type { Servers } from './servers.ts';
import { Subscription } from './subscription.ts';
import { within } from './within.ts';

/** How a {@link RedisBus} is set up. */
export interface RedisBusOptions extends RedisOptions {
  /** Begins the names of its key and channel, so that several caches share a server. Default `cache`. */
  readonly prefix?: string;
  /** See {@link InvalidationBus}; at least 20. A smaller bound asks the server more often, four times in ten of it. Default 100. */
  readonly boundMs?: number;
}

const defaultBoundMs = 100;
const smallestBoundMs = 20;
// Of the bound: a word that was dropped is looked for after this, its absence known after that, and believed after the rest.
const share = { poll: 0.4, answer: 0.4, grace: 0.2 } as const;
// A word that was said while a server was slow for less than this was said in time.
const shareOfSlowness = 0.5;
const retryMs = 50;
const silentBounds = 5;

/** How a bus stands to what the others say. */
type State = 'lost' | 'away' | 'joined';

/**
 * The bus on a Redis (6.2 or later; in a cluster 7): pub/sub, and a sequence beside it that shows what was not heard.
 *
 * A word and its number are one step of the server, and each word names the number before it. So a gap shows with the next word; and
 * where none comes, the number is asked for, unless a word has just proved that all is well. Whatever goes wrong (a cut or silent
 * connection, a server that was wiped, restarted or replaced, a word that was dropped), `lost` is called within `boundMs`, and
 * `joined` once the server answers and the channel is heard again. `lost('gap')` is followed by `lost('away')` where the server stays
 * silent for half of `timeoutMs`, which is to be the same in all instances.
 *
 * Two connections to a server, one of which hears; in a cluster one to each master besides.
 *
 * @example
 * ```ts
 * import { RedisBus } from '@midgard/cache/redis';
 *
 * const bus = new RedisBus({ url: 'redis://127.0.0.1:6379', prefix: 'realm' });
 * await bus.start({
 *   heard: (message) => console.log(`drop ${message}`),
 *   lost: (cause) => console.log(`believe nothing: ${cause}`),
 *   joined: () => console.log('as good as new'),
 * });
 * await bus.publish('player:42');
 * ```
 */
export class RedisBus implements InvalidationBus {
  readonly boundMs: number;
  readonly #address: RedisAddress;
  readonly #servers: Servers;
  readonly #calls: KeyedCalls;
  readonly #timeoutMs: number;
  readonly #connectWithinMs: number;
  readonly #sender: string = randomUUID();
  readonly #channel: string;
  readonly #key: string;
  #listener: BusListener | undefined;
  #subscription: Subscription | undefined;
  #state: State = 'lost';
  #isClosed = false;
  /** Number of the last word that was heard, or that was said before the bus joined. */
  #heard = 0;
  /** When it was last known that nothing had been missed. */
  #provedAt = 0;
  /** When a server that does not answer counts as away. */
  #awayAt = Infinity;
  /** The life of the server in which the bus last joined. */
  #epoch: string | undefined;
  /** Wakes who waits while joined. */
  #ended = new AbortController();

  /** @throws {CacheError} `ERR_CACHE_OPTIONS`: the URL or a number makes no sense */
  constructor(options: RedisBusOptions) {
    const { prefix = 'cache', boundMs = defaultBoundMs, timeoutMs = redisDefaults.timeoutMs } = options;
    if (!(boundMs >= smallestBoundMs) || !Number.isFinite(boundMs)) {
      throw new CacheError('ERR_CACHE_OPTIONS', `boundMs must be a number of at least ${smallestBoundMs}, not ${boundMs}`);
    }
    this.boundMs = boundMs;
    this.#timeoutMs = timeoutMs;
    this.#connectWithinMs = positive('connectWithinMs', options.connectWithinMs ?? redisDefaults.connectWithinMs);
    this.#address = new RedisAddress(options.url, options);
    this.#servers = serversOf(options, timeoutMs, Math.max(silentBounds * boundMs, timeoutMs));
    this.#calls = new KeyedCalls(this.#servers, timeoutMs);
    // One slot of a cluster for both.
    this.#channel = `{${prefix}:bus}`;
    this.#key = `{${prefix}:bus}:sequence`;
  }

  /** Resolves once joined, or when `connectWithinMs` is over: then it goes on by itself. */
  async start(listener: BusListener): Promise<void> {
    if (this.#listener !== undefined || this.#isClosed) throw new CacheError('ERR_CACHE_BUS', 'a bus is started once');
    const { promise: joined, resolve } = Promise.withResolvers<void>();
    this.#listener = {
      heard: (message) => listener.heard(message),
      lost: (cause) => listener.lost(cause),
      joined: () => {
        resolve();
        listener.joined();
      },
    };
    void this.#live();
    await Promise.race([joined, sleep(this.#connectWithinMs, undefined, { ref: false })]);
  }

  async publish(message: string): Promise<void> {
    if (this.#isClosed) throw new CacheError('ERR_CACHE_BUS', 'the bus is closed');
    const script = this.#address.kind === 'cluster' ? publishInShardScript : publishScript;
    const args = [this.#channel, this.#sender, message];
    try {
      await this.#calls.each([this.#key], { ask: (key) => ({ script, key, args }), understand: (reply) => (reply === 1 ? true : undefined) });
    } catch (cause) {
      throw new CacheError('ERR_CACHE_BUS', `it may not have been said: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#listener = undefined;
    this.#ended.abort();
    this.#subscription?.close();
    this.#servers.close();
    return Promise.resolve();
  }

  async #live(): Promise<void> {
    let patienceMs = this.#connectWithinMs;
    while (!this.#isClosed) {
      if (await this.#join(patienceMs)) await this.#watch();
      else await sleep(retryMs, undefined, { ref: false });
      patienceMs = this.#timeoutMs;
    }
  }

  /** Subscribes first and asks for the number after it: so whatever is said later is heard, or missed by its number. */
  async #join(patienceMs: number): Promise<boolean> {
    this.#subscription?.close();
    // Where the server is gone both connections are, but not in the same event.
    await nextTurn();
    if (this.#epoch !== undefined && this.#servers.find(this.#key)?.epoch === undefined) this.#lose('away');
    const epoch = await this.#epochWithin(patienceMs);
    if (epoch === undefined || (this.#epoch !== undefined && this.#epoch !== epoch)) this.#lose('away');
    if (epoch === undefined) return false;
    let highest = 0;
    const subscription = this.#subscribe((sequence) => (highest = Math.max(highest, sequence)));
    this.#subscription = subscription;
    const isBegun = await isKept(subscription.begin(this.#patienceMs()));
    const said = isBegun ? await this.#numberWithin(this.#patienceMs()) : undefined;
    if ((isBegun && said === undefined) || performance.now() >= this.#awayAt) this.#lose('away');
    if (said === undefined || subscription.hasEnded || this.#isClosed) return false;
    this.#awayAt = Infinity;
    this.#heard = Math.max(said, highest);
    this.#epoch = epoch;
    this.#provedAt = performance.now();
    this.#ended = new AbortController();
    this.#state = 'joined';
    this.#listener?.joined();
    return true;
  }

  /** @param note hears the number of each word, also before the bus has joined */
  #subscribe(note: (sequence: number) => void): Subscription {
    return new Subscription({
      address: this.#address,
      host: this.#servers.connectionOf(this.#key).host,
      channel: this.#channel,
      maxSilenceMs: this.#timeoutMs,
      onWord: (text) => {
        const word = parseWord(text);
        if (word === undefined) return;
        note(word.sequence);
        this.#hear(word);
      },
      onEnd: () => this.#lose('gap'),
    });
  }

  #hear({ sequence, previous, sender, message }: Word): void {
    const isNews = this.#state === 'joined' && sequence > this.#heard;
    const isGap = isNews && previous !== this.#heard;
    if (isNews) {
      this.#heard = sequence;
      this.#provedAt = performance.now();
    }
    if (isGap) this.#listener?.lost('gap');
    if (sender !== this.#sender) this.#listener?.heard(message);
    if (isGap) this.#listener?.joined();
  }

  /** Asks for the number of the last word, for as long as nothing is amiss. */
  async #watch(): Promise<void> {
    while (this.#state === 'joined' && !this.#isClosed) {
      const restMs = this.#provedAt + share.poll * this.boundMs - performance.now();
      if (restMs > 0) {
        await this.#rest(restMs);
        continue;
      }
      const [askedAt, heardBefore] = [performance.now(), this.#heard];
      const said = await this.#numberWithin(share.answer * this.boundMs);
      if (said === undefined) this.#missAnswer(askedAt);
      else if (said < heardBefore || !this.#isSameLife()) this.#lose('away');
      else if (said > this.#heard) await this.#awaitWord(said);
      else this.#provedAt = Math.max(this.#provedAt, askedAt);
    }
  }

  /** A word that was said may still be on its way. */
  async #awaitWord(sequence: number): Promise<void> {
    await this.#rest(share.grace * this.boundMs);
    // What has arrived while this process was busy is heard before it is missed.
    await nextTurn();
    if (this.#heard < sequence) this.#lose('gap');
  }

  /** A server that is slow is not away yet: others can speak to it, until their calls time out. */
  #missAnswer(askedAt: number): void {
    this.#awayAt = askedAt + this.#timeoutMs * shareOfSlowness;
    this.#lose('gap');
  }

  #lose(cause: 'gap' | 'away'): void {
    if (this.#state === 'away' || (this.#state === 'lost' && cause === 'gap')) return;
    this.#state = cause === 'away' ? 'away' : 'lost';
    this.#ended.abort();
    this.#listener?.lost(cause);
  }

  #patienceMs(): number {
    return this.#state === 'away' ? this.#timeoutMs : Math.max(1, Math.min(this.#timeoutMs, this.#awayAt - performance.now()));
  }

  #isSameLife(): boolean {
    const { epoch } = this.#servers.connectionOf(this.#key);
    return epoch !== undefined && this.#epoch === epoch;
  }

  async #epochWithin(timeoutMs: number): Promise<string | undefined> {
    const isReady = await isKept(within(this.#servers.ready(), timeoutMs, () => new Error('not connected in time')));
    // Of a cluster one server is enough.
    return (isReady || !this.#servers.isSingle) && !this.#isClosed ? this.#servers.find(this.#key)?.epoch : undefined;
  }

  /** Number of the last word, 0 where none was said; undefined: the server does not tell in time. */
  async #numberWithin(timeoutMs: number): Promise<number | undefined> {
    const asked = this.#calls.each([this.#key], { ask: (key) => ['GET', key], understand: numberIn });
    try {
      const [number] = await within(asked, timeoutMs, () => new Error('not answered in time'));
      return number;
    } catch {
      return undefined;
    }
  }

  async #rest(timeMs: number): Promise<void> {
    await isKept(sleep(timeMs, undefined, { signal: this.#ended.signal, ref: false }));
  }
}

function numberIn(reply: unknown): number | undefined {
  if (reply === null) return 0;
  const number = Buffer.isBuffer(reply) ? Number(reply.toString()) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}

function isKept(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => true,
    () => false,
  );
}
