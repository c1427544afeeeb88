import type { Redis } from 'ioredis';
import { connect } from './connect.ts';
import type { HostPort, RedisAddress } from './redis-address.ts';
import { within } from './within.ts';

/** What a {@link Subscription} hears, and where. */
export interface SubscriptionOptions {
  readonly address: RedisAddress;
  /** Which server of a cluster; undefined: the one that the address means. */
  readonly host: HostPort | undefined;
  readonly channel: string;
  /** A server that owes the answer to a command for so long is dead. */
  readonly maxSilenceMs: number;
  readonly onWord: (text: string) => void;
  /** The connection is gone, or the channel lives elsewhere now; once. */
  readonly onEnd: () => void;
}

/** A connection that hears one channel, and once it has ended is not used again: what was said meanwhile is lost to it anyway. */
export class Subscription {
  readonly #redis: Redis;
  readonly #isSharded: boolean;
  readonly #channel: string;
  readonly #onEnd: () => void;
  readonly #ended = Promise.withResolvers<never>();
  #hasEnded = false;

  constructor({ address, host, channel, maxSilenceMs, onWord, onEnd }: SubscriptionOptions) {
    this.#channel = channel;
    this.#onEnd = onEnd;
    this.#isSharded = address.kind === 'cluster';
    this.#redis = connect(address, { host, maxSilenceMs, isForOneUse: true });
    this.#ended.promise.catch(() => undefined);
    this.#redis.on('error', () => undefined);
    this.#redis.on('close', () => this.#end());
    this.#redis.on('end', () => this.#end());
    this.#redis.on('moved', () => this.#end());
    this.#redis.on(this.#isSharded ? 'smessage' : 'message', (_: string, text: string) => onWord(text));
  }

  /** Nothing more is heard. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** @throws if the channel is not heard within this time */
  async begin(withinMs: number): Promise<void> {
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    this.#redis.once('ready', resolve);
    const subscribed = ready.then(() => (this.#isSharded ? this.#redis.ssubscribe(this.#channel) : this.#redis.subscribe(this.#channel)));
    await within(Promise.race([subscribed, this.#ended.promise]), withinMs, () => new Error(`no subscription within ${withinMs} ms`));
  }

  /** Ends it. */
  close(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#ended.reject(new Error('the subscription has ended'));
    this.#redis.removeAllListeners('message').removeAllListeners('smessage');
    this.#redis.disconnect();
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.close();
    this.#onEnd();
  }
}
