import type { Redis } from 'ioredis';
import { CacheError } from '../errors.ts';
import type { HostPort, RedisAddress } from './redis-address.ts';
import type { RedisListener } from './redis-listener.ts';
import type { Script } from './scripts.ts';
import { serverEpoch } from './server-epoch.ts';
import { within } from './within.ts';

/** Name and arguments. */
export type Command = readonly [name: string, ...args: (string | Buffer)[]];

/** A script on one key. */
export interface ScriptCall {
  readonly script: Script;
  readonly key: string;
  readonly args: readonly (string | Buffer)[];
}

/** What a server answers; an error that it gives to one command is the answer to that command. */
export type Reply = unknown;

// A replica that takes over, or a master whose last replica has left for good, has another epoch on the same connection.
const epochEveryMs = 10_000;
const reviveMs = 50;

/** How a {@link NodeConnection} is made. */
export interface NodeConnectionOptions {
  readonly redis: Redis;
  /** For messages. */
  readonly name: string;
  /** Which server of a cluster; undefined: the one that the address means. */
  readonly host: HostPort | undefined;
  readonly address: RedisAddress;
  readonly timeoutMs: number;
  readonly listener: RedisListener;
}

/** What somebody sends, and is answered. */
interface Sending {
  readonly commands: readonly Command[];
  readonly resolve: (replies: readonly Reply[]) => void;
  readonly reject: (error: unknown) => void;
}

/** A connection to one server, which knows in which of its lives the server is. Nothing is sent before that is known. */
export class NodeConnection {
  readonly name: string;
  /** Which server of a cluster; undefined: the one that the address means. */
  readonly host: HostPort | undefined;
  readonly #redis: Redis;
  readonly #address: RedisAddress;
  readonly #timeoutMs: number;
  readonly #listener: RedisListener;
  readonly #epochTimer: NodeJS.Timeout;
  #epoch: string | undefined;
  #lastError: Error | undefined;
  #isClosed = false;
  #batch: Sending[] = [];
  #waiting: (() => void)[] = [];

  constructor({ redis, name, host, address, timeoutMs, listener }: NodeConnectionOptions) {
    this.#redis = redis;
    this.name = name;
    this.host = host;
    this.#address = address;
    this.#timeoutMs = timeoutMs;
    this.#listener = listener;
    redis.on('error', (error) => (this.#lastError = address.clean(error)));
    redis.on('ready', () => this.#learnEpoch());
    redis.on('close', () => this.#lose());
    redis.on('end', () => this.#revive());
    this.#epochTimer = setInterval(() => this.#epoch !== undefined && this.#learnEpoch(), epochEveryMs).unref();
  }

  /** Of the server that is connected now; undefined: none is. */
  get epoch(): string | undefined {
    return this.#epoch;
  }

  /** @throws {CacheError} `ERR_CACHE_TIER`: not connected */
  epochOrThrow(): string {
    if (this.#epoch === undefined) throw this.failure('is not connected');
    return this.#epoch;
  }

  /** Resolves once a server is connected, or when the connection is closed for good. */
  ready(): Promise<void> {
    if (this.#epoch !== undefined || this.#isClosed) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    return promise;
  }

  /**
   * Sends all at once, and waits for all answers.
   *
   * @throws {CacheError} `ERR_CACHE_TIER`: not connected, or not all was answered in time; each may have been done or not
   */
  async run(commands: readonly (Command | ScriptCall)[]): Promise<readonly Reply[]> {
    const replies = await this.#send(commands.map(plainCommand));
    if (!replies.some(isUnknownScript)) return replies;
    const unknown = [...commands.entries()].filter((entry): entry is [number, ScriptCall] => isScriptCall(entry[1]) && isUnknownScript(replies[entry[0]]));
    // A server forgets its scripts when it starts, and when it is told to.
    const scripts = new Set(unknown.map(([, { script }]) => script.lua));
    const loading = [...scripts].map((lua): Command => ['SCRIPT', 'LOAD', lua]);
    const answers = await this.#send([...loading, ...unknown.map(([, call]) => plainCommand(call))]);
    const merged = [...replies];
    for (const [k, [i]] of unknown.entries()) merged[i] = answers[loading.length + k];
    return merged;
  }

  /** Breaks the connection and makes a new one. */
  renew(): void {
    if (!this.#isClosed) this.#redis.disconnect(true);
  }

  /** Ends it; what waits fails. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#epochTimer);
    this.#lose();
    this.#redis.disconnect();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** An error that names the server and hides the password. */
  failure(what: string, cause?: unknown): CacheError {
    const clean = cause === undefined ? this.#lastError : this.#address.clean(cause);
    const why = clean === undefined ? '' : `: ${clean.message}`;
    return new CacheError('ERR_CACHE_TIER', `Redis at ${this.name} ${what}${why}`, clean === undefined ? {} : { cause: clean });
  }

  /** What is sent in one turn goes in one write, and waits for one timer. */
  #send(commands: readonly Command[]): Promise<readonly Reply[]> {
    this.epochOrThrow();
    const { promise, resolve, reject } = Promise.withResolvers<readonly Reply[]>();
    // After all that promises lead to: so what is stored for one reader goes with what the next one asks for.
    if (this.#batch.length === 0) process.nextTick(() => void this.#flush());
    this.#batch.push({ commands, resolve, reject });
    return promise;
  }

  async #flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    const late = (): Error => new CacheError('ERR_CACHE_TIER', `Redis at ${this.name} did not answer within ${this.#timeoutMs} ms`);
    try {
      const [only] = batch;
      const commands = batch.length === 1 && only !== undefined ? only.commands : batch.flatMap(({ commands }) => commands);
      const replies = await within(this.#ask(commands), this.#timeoutMs, late);
      let from = 0;
      for (const { commands, resolve } of batch) resolve(replies.slice(from, (from += commands.length)));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  async #ask(commands: readonly Command[]): Promise<readonly Reply[]> {
    const [only] = commands;
    if (commands.length === 1 && only !== undefined) return [await this.#askOne(only)];
    const pipeline = this.#redis.pipeline();
    for (const [name, ...args] of commands) pipeline.callBuffer(name, ...args);
    return ((await pipeline.exec()) ?? []).map(([error, reply]) => (error === null ? reply : this.#answerOrThrow(error)));
  }

  #askOne([name, ...args]: Command): Promise<Reply> {
    return this.#redis.callBuffer(name, ...args).catch((error: unknown) => this.#answerOrThrow(error));
  }

  /** An error that the server gave is an answer; any other says that there is none. */
  #answerOrThrow(error: unknown): Error {
    if (error instanceof Error && error.name === 'ReplyError') return this.#address.clean(error);
    throw this.failure('did not answer', error);
  }

  /** The first to be sent on a new connection: so answers to what comes after it come after its own. */
  #learnEpoch(): void {
    const asked = within(this.#redis.info(), this.#timeoutMs, () => new Error('INFO was not answered in time'));
    void asked.then(
      (info) => this.#gain(serverEpoch(info)),
      (error: unknown) => {
        this.#lastError = this.#address.clean(error);
        // One that is known already is asked again before long.
        if (this.#epoch === undefined) this.renew();
      },
    );
  }

  #gain(epoch: string | undefined): void {
    if (this.#isClosed) return;
    if (epoch === undefined) this.#lastError = new Error('INFO does not tell run_id');
    const wasConnected = this.#epoch !== undefined;
    this.#epoch = epoch;
    if (epoch === undefined || wasConnected) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
    this.#listener.connected?.(this.name);
  }

  /** ioredis gives up for good where a sentinel tells of a new master while it asks another for it. */
  #revive(): void {
    this.#lose();
    if (this.#isClosed) return;
    setTimeout(() => {
      if (!this.#isClosed) this.#redis.connect().catch(() => undefined);
    }, reviveMs).unref();
  }

  #lose(): void {
    if (this.#epoch === undefined) return;
    this.#epoch = undefined;
    this.#listener.lost?.(this.name, this.#lastError);
  }
}

function isScriptCall(command: Command | ScriptCall): command is ScriptCall {
  return 'script' in command;
}

function plainCommand(command: Command | ScriptCall): Command {
  return isScriptCall(command) ? ['EVALSHA', command.script.sha, '1', command.key, ...command.args] : command;
}

function isUnknownScript(reply: Reply): boolean {
  return reply instanceof Error && reply.message.startsWith('NOSCRIPT');
}
