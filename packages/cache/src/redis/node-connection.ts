import type { Redis } from 'ioredis';
import { CacheError } from '../errors.ts';
import { Deadlines } from './deadlines.ts';
import type { HostPort, RedisAddress } from './redis-address.ts';
import type { RedisListener } from './redis-listener.ts';
import { type Command, type Reply, Round, type Sending } from './round.ts';
import type { Script } from './scripts.ts';
import { serverEpoch } from './server-epoch.ts';
import { Silence } from './silence.ts';
import { within } from './within.ts';

/** A script on one key. */
export interface ScriptCall {
  readonly script: Script;
  readonly key: string;
  readonly args: readonly (string | Buffer)[];
}

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
  /** A connection whose server owes an answer and has given none for so long is given up; at least `timeoutMs`. */
  readonly maxSilenceMs: number;
  readonly listener: RedisListener;
}

/** A connection to one server, which knows in which of its lives the server is. Nothing is sent before that is known. */
export class NodeConnection {
  readonly name: string;
  /** Which server of a cluster; undefined: the one that the address means. */
  readonly host: HostPort | undefined;
  readonly #redis: Redis;
  readonly #address: RedisAddress;
  readonly #timeoutMs: number;
  readonly #deadlines: Deadlines;
  readonly #silence: Silence;
  readonly #listener: RedisListener;
  readonly #epochTimer: NodeJS.Timeout;
  #epoch: string | undefined;
  #lastError: Error | undefined;
  #isClosed = false;
  #batch: Sending[] = [];
  #waiting: (() => void)[] = [];

  constructor({ redis, name, host, address, timeoutMs, maxSilenceMs, listener }: NodeConnectionOptions) {
    this.#redis = redis;
    this.name = name;
    this.host = host;
    this.#address = address;
    this.#timeoutMs = timeoutMs;
    this.#deadlines = new Deadlines(timeoutMs);
    this.#silence = new Silence(maxSilenceMs - timeoutMs);
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
  run(commands: readonly (Command | ScriptCall)[]): Promise<readonly Reply[]> {
    return commands.every(isCommand) ? this.#send(commands) : this.#runScripts(commands);
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

  async #runScripts(commands: readonly (Command | ScriptCall)[]): Promise<readonly Reply[]> {
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

  /** What is sent in one turn goes in one write, and has one time. */
  #send(commands: readonly Command[]): Promise<readonly Reply[]> {
    return new Promise((resolve, reject) => {
      this.epochOrThrow();
      // After all that promises lead to: so what is stored for one reader goes with what the next one asks for.
      if (this.#batch.length === 0) process.nextTick(() => this.#flush());
      this.#batch.push({ commands, resolve, reject });
    });
  }

  #flush(): void {
    const round = new Round(this.#batch, () => this.#late());
    this.#batch = [];
    this.#deadlines.add(round);
    const { commands } = round;
    const [only] = commands;
    if (commands.length === 1 && only !== undefined) this.#askOne(round, only);
    else this.#askAll(round, commands);
  }

  /** The way of nearly every read: a pipeline would cost half as much again. */
  #askOne(round: Round, [name, ...args]: Command): void {
    this.#redis.callBuffer(name, ...args).then(
      (reply) => this.#answer(round, [reply]),
      (error: unknown) => (isAnswer(error) ? this.#answer(round, [this.#address.clean(error)]) : round.fail(this.failure('did not answer', error))),
    );
  }

  #askAll(round: Round, commands: readonly Command[]): void {
    const pipeline = this.#redis.pipeline();
    for (const [name, ...args] of commands) pipeline.callBuffer(name, ...args);
    pipeline.exec().then(
      (results) => this.#answerAll(round, results ?? []),
      (error: unknown) => round.fail(this.failure('did not answer', error)),
    );
  }

  #answerAll(round: Round, results: readonly (readonly [error: Error | null, reply: Reply])[]): void {
    const lost = results.find(([error]) => error !== null && !isAnswer(error));
    if (lost === undefined)
      this.#answer(
        round,
        results.map(([error, reply]) => (error === null ? reply : this.#address.clean(error))),
      );
    else round.fail(this.failure('did not answer', lost[0]));
  }

  #answer(round: Round, replies: readonly Reply[]): void {
    this.#silence.heard();
    round.answer(replies);
  }

  /** What a round fails with whose time is over. */
  #late(): CacheError {
    if (this.#silence.isTooLong()) this.renew();
    return new CacheError('ERR_CACHE_TIER', `Redis at ${this.name} did not answer within ${this.#timeoutMs} ms`);
  }

  /** The first to be sent on a new connection: so answers to what comes after it come after its own. */
  #learnEpoch(): void {
    const asked = within(this.#redis.info(), this.#timeoutMs, () => new Error('INFO was not answered in time'));
    void asked.then(
      (info) => this.#gain(serverEpoch(info)),
      (error: unknown) => {
        this.#lastError = this.#address.clean(error);
        // One that is known already is asked again before long.
        if (this.#epoch === undefined || this.#silence.isTooLong()) this.renew();
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

/** An error that the server gave is an answer; any other says that there is none. */
function isAnswer(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

function isScriptCall(command: Command | ScriptCall): command is ScriptCall {
  return 'script' in command;
}

function isCommand(command: Command | ScriptCall): command is Command {
  return !isScriptCall(command);
}

function plainCommand(command: Command | ScriptCall): Command {
  return isScriptCall(command) ? ['EVALSHA', command.script.sha, '1', command.key, ...command.args] : command;
}

function isUnknownScript(reply: Reply): boolean {
  return reply instanceof Error && reply.message.startsWith('NOSCRIPT');
}
