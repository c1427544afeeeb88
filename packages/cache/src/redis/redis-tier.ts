import { setTimeout as sleep } from 'node:timers/promises';
import { bufferOf } from '../buffer-of.ts';
import { CacheError } from '../errors.ts';
import type { LeaseAnswer, LeasedValue, LeaseRequest, NewestValue, Tier, TierRecord } from '../tier/tier.ts';
import { KeyedCalls, mostAtOnce, type Question } from './keyed-calls.ts';
import type { ScriptCall } from './node-connection.ts';
import { headerBytes, kindOf, valueOf, versionOf } from './record.ts';
import { positive, redisDefaults, serversOf, type RedisOptions } from './redis-options.ts';
import { invalidateScript, leaseScript, peekScript, putScript, releaseScript, storeScript, type Script } from './scripts.ts';
import type { Reply } from './round.ts';
import type { Servers } from './servers.ts';

/** How a {@link RedisTier} is set up. */
export interface RedisTierOptions extends RedisOptions {
  /** Begins each key, so that several caches share a server. Default `cache`. */
  readonly prefix?: string;
  /** The version of what the bytes mean; what another one wrote is never read. Default `1`. */
  readonly schema?: string | number;
  /** See {@link Tier}; default 0 for one server, else 100. */
  readonly maxClockSkewMs?: number;
}

const rememberByDefaultMs = 60_000;
const clockSkewOfManyMs = 100;
// A server that freezes fails every call at its time-out until the connection is given up; from then on at once.
const silentTimeouts = 4;
/** Redis refuses times near the end of its 64 bits. */
const longestMs = 100 * 365 * 24 * 3_600_000;

/** What a plain read tells of a key; `unsure`: its record has to be asked for by a script. */
type Found = TierRecord | 'nothing' | 'unsure';

/**
 * The tier on a Redis (6.2 or later): one server, one that sentinels watch, or a Redis Cluster.
 *
 * - One key, one string; reads are plain `GET`s, changes small scripts that run in one piece and touch one key.
 * - One pipeline for each server that holds some of the keys.
 * - A call costs at most `timeoutMs`; while there is no connection it fails at once. Nothing is queued or sent twice. It connects
 *   again by itself, within half a second of the server's return.
 * - A server that was restarted, or took the place of another, begins empty: what it has from its disk or by replication may lack
 *   the last invalidations, and is not believed. So are slots of a cluster that have moved.
 *
 * @example
 * ```ts
 * import { RedisTier } from '@midgard/cache/redis';
 *
 * const tier = await RedisTier.open({ url: 'redis://127.0.0.1:6379', prefix: 'realm', schema: 3 });
 * const [record] = await tier.read(['player:42']);
 * console.log(record?.version);
 * await tier.close();
 * ```
 */
export class RedisTier implements Tier {
  readonly maxClockSkewMs: number;
  readonly #servers: Servers;
  readonly #calls: KeyedCalls;
  readonly #prefix: string;
  #isClosed = false;

  /**
   * Connects, and waits for that no longer than `connectWithinMs`: then it goes on trying by itself, and calls fail meanwhile.
   *
   * @throws {CacheError} `ERR_CACHE_OPTIONS`: the URL or a number makes no sense
   */
  static async open(options: RedisTierOptions): Promise<RedisTier> {
    const waitMs = positive('connectWithinMs', options.connectWithinMs ?? redisDefaults.connectWithinMs);
    const tier = new RedisTier(options);
    await Promise.race([tier.#servers.ready(), sleep(waitMs, undefined, { ref: false })]);
    return tier;
  }

  private constructor(options: RedisTierOptions) {
    const { timeoutMs = redisDefaults.timeoutMs, prefix = 'cache', schema = 1 } = options;
    this.#prefix = `${prefix}:${schema}:`;
    const skewMs = options.maxClockSkewMs ?? (/^rediss?:/.test(options.url) ? 0 : clockSkewOfManyMs);
    this.maxClockSkewMs = skewMs === 0 ? 0 : positive('maxClockSkewMs', skewMs);
    this.#servers = serversOf(options, timeoutMs, silentTimeouts * timeoutMs);
    this.#calls = new KeyedCalls(this.#servers, timeoutMs);
  }

  async read(keys: readonly string[]): Promise<readonly (TierRecord | undefined)[]> {
    const names = this.#names(keys);
    const [only] = names;
    const found = names.length === 1 && only !== undefined ? [await this.#calls.one(only, readQuestion)] : await this.#readMany(names);
    const peeked = found.includes('unsure') ? await this.#peek(names, (i) => found[i] === 'unsure') : undefined;
    return found.map((record, i) => (typeof record === 'string' ? peeked?.get(i)?.record : record));
  }

  async lease(requests: readonly LeaseRequest[], leaseMs: number): Promise<readonly LeaseAnswer[]> {
    const lastsMs = wholeMs('leaseMs', leaseMs);
    return this.#calls.each(this.#names(requests.map(({ key }) => key)), {
      ask: (key, i, epoch) => call(leaseScript, key, epoch, lastsMs, `${requests[i]?.replaces ?? 0}`),
      understand: leaseAnswer,
    });
  }

  async store(values: readonly LeasedValue[]): Promise<readonly (number | undefined)[]> {
    const isStored = await this.#calls.each(this.#names(values.map(({ key }) => key)), {
      ask: (key, i, epoch) => {
        const { version, ttlMs, bytes } = at(values, i);
        return call(storeScript, key, epoch, `${version}`, wholeMs('ttlMs', ttlMs), bufferOf(bytes));
      },
      understand: numberOf,
    });
    return values.map(({ version }, i) => (isStored[i] === 1 ? version : undefined));
  }

  async release(leases: readonly { readonly key: string; readonly version: number }[]): Promise<void> {
    await this.#calls.each(this.#names(leases.map(({ key }) => key)), {
      ask: (key, i, epoch) => call(releaseScript, key, epoch, `${at(leases, i).version}`),
      understand: numberOf,
    });
  }

  async put(values: readonly NewestValue[]): Promise<readonly number[]> {
    return this.#calls.each(this.#names(values.map(({ key }) => key)), {
      ask: (key, i, epoch) => {
        const { ttlMs, bytes } = at(values, i);
        return call(putScript, key, epoch, wholeMs('ttlMs', ttlMs), bufferOf(bytes));
      },
      understand: numberOf,
    });
  }

  async invalidate(keys: readonly string[], rememberMs: number = rememberByDefaultMs): Promise<readonly number[]> {
    const lastsMs = wholeMs('rememberMs', rememberMs);
    return this.#calls.each(this.#names(keys), { ask: (key, _, epoch) => call(invalidateScript, key, epoch, lastsMs), understand: numberOf });
  }

  async versions(keys: readonly string[]): Promise<readonly number[]> {
    const names = this.#names(keys);
    const found = await this.#calls.each(names, versionQuestion);
    const peeked = await this.#peek(names, (i) => found[i] === 'unsure');
    return found.map((version, i) => (version === 'unsure' ? (peeked.get(i)?.version ?? 0) : version));
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#servers.close();
    return Promise.resolve();
  }

  #readMany(names: readonly string[]): Promise<readonly Found[]> {
    return this.#servers.isSingle ? this.#readTogether(names) : this.#calls.each(names, readQuestion);
  }

  /** One command for all of a part, which a server answers several times faster than as many. */
  async #readTogether(names: readonly string[]): Promise<readonly Found[]> {
    const found: Found[] = [];
    for (let from = 0; from < names.length; from += mostAtOnce) {
      const part = names.slice(from, from + mostAtOnce);
      const [answers = []] = await this.#calls.each(part.slice(0, 1), {
        ask: () => ['MGET', ...part],
        understand: (reply, _, epoch) => (Array.isArray(reply) ? reply.map((one) => foundIn(one, epoch)) : undefined),
      });
      found.push(...answers);
    }
    return found;
  }

  /** Asks the servers' clocks about the few records whose lease outlasts their value. */
  async #peek(names: readonly string[], isUnsure: (index: number) => boolean): Promise<Map<number, Peeked>> {
    const unsure = [...names.keys()].filter(isUnsure);
    if (unsure.length === 0) return new Map();
    const peeked = await this.#calls.each(
      unsure.map((i) => at(names, i)),
      { ask: (key, _, epoch) => call(peekScript, key, epoch), understand: peekedOf },
    );
    return new Map(unsure.map((index, i) => [index, at(peeked, i)]));
  }

  #names(keys: readonly string[]): readonly string[] {
    if (this.#isClosed) throw new CacheError('ERR_CACHE_TIER', 'the tier is closed');
    return keys.map((key) => this.#prefix + key);
  }
}

interface Peeked {
  readonly version: number;
  readonly record: TierRecord | undefined;
}

const readQuestion: Question<Found> = { ask: (key) => ['GET', key], understand: (reply, _, epoch) => foundIn(reply, epoch) };

const versionQuestion: Question<number | 'unsure'> = {
  ask: (key) => ['GETRANGE', key, '0', `${headerBytes - 1}`],
  understand: (reply, _, epoch) => {
    if (!Buffer.isBuffer(reply)) return undefined;
    const kind = kindOf(reply, epoch);
    if (kind === 'unsure') return kind;
    return kind === 'nothing' ? 0 : versionOf(reply);
  },
};

function foundIn(reply: Reply, epoch: string): Found {
  if (!Buffer.isBuffer(reply)) return 'nothing';
  const kind = kindOf(reply, epoch);
  if (kind === 'value') return valueOf(reply);
  return kind === 'unsure' ? 'unsure' : 'nothing';
}

function peekedOf(reply: Reply): Peeked | undefined {
  const [version, record]: unknown[] = Array.isArray(reply) ? reply : [];
  return typeof version === 'number' ? { version, record: Buffer.isBuffer(record) ? valueOf(record) : undefined } : undefined;
}

function leaseAnswer(reply: Reply): LeaseAnswer | undefined {
  if (Buffer.isBuffer(reply)) return { kind: 'value', record: valueOf(reply) };
  if (reply === 0) return { kind: 'busy' };
  const [version, at]: unknown[] = Array.isArray(reply) ? reply : [];
  return typeof version === 'number' && typeof at === 'number' ? { kind: 'leased', version, at } : undefined;
}

function numberOf(reply: Reply): number | undefined {
  return typeof reply === 'number' ? reply : undefined;
}

function call(script: Script, key: string, epoch: string, ...args: readonly (string | Buffer)[]): ScriptCall {
  return { script, key, args: [epoch, ...args] };
}

/** @throws {CacheError} `ERR_CACHE_OPTIONS`: not a number of 0 or more */
function wholeMs(name: string, ms: number): string {
  if (!(ms >= 0)) throw new CacheError('ERR_CACHE_OPTIONS', `${name} must be a number of 1 or more, not ${ms}`);
  return `${Math.min(Math.max(1, Math.ceil(ms)), longestMs)}`;
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`no item ${index}`);
  return item;
}
