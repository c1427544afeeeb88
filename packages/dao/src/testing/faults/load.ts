import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../database.ts';
import { DaoError } from '../../errors.ts';
import { account, Books, entry, firstEntryOf } from './books.ts';

/** A client that was refused comes back after so long, as clients do; without a pause they would only measure how fast errors are made. */
const pauseAfterErrorMs = 10;
const nanosecondsPerMillisecond = 1e6;

/** One read or transaction of a client, after its end. Times are of `performance.now()`. */
export interface Call {
  readonly kind: 'write' | 'read';
  readonly client: number;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Undefined: it was well. */
  readonly code: string | undefined;
}

/** Set-up of a {@link Load}. */
export interface LoadOptions {
  /** Each has an account, and writes and reads, one after the other, all the time. */
  readonly clients: number;
  /** Time of each call, in milliseconds. */
  readonly timeoutMs: number;
  /** Reads of a client after each of its writes (1). */
  readonly readsPerWrite?: number;
}

/** Clients that write and read all the time, and remember what they were told. */
export class Load implements AsyncDisposable {
  readonly books = new Books();
  readonly calls: Call[] = [];
  readonly #database: Database;
  readonly #options: LoadOptions;
  readonly #nextEntries: bigint[];
  /** Of each client the last call that ended well, and the last that did not: who waits for them asks often. */
  readonly #last = { well: new Map<number, Call>(), failed: new Map<number, Call>() };
  #clients: Promise<void>[] = [];
  readonly #loop = monitorEventLoopDelay({ resolution: 10 });
  #isStopped = false;
  #stale = 0;
  #uneven = 0;

  constructor(database: Database, options: LoadOptions) {
    this.#database = database;
    this.#options = options;
    this.#nextEntries = Array.from({ length: options.clients }, (_, client) => firstEntryOf(BigInt(client)));
  }

  /** Creates the tables and the accounts. */
  async prepare(): Promise<void> {
    await this.#database.migrate([account, entry]);
    const rows = Array.from({ length: this.#options.clients }, (_, at) => ({ id: BigInt(at), total: 0n }));
    await this.#database.transaction((session) => session.dao(account).insertMany(rows));
  }

  /** @param clients only so many of them; after a `stop` they may begin again */
  start(clients = this.#options.clients): void {
    this.#isStopped = false;
    this.#loop.enable();
    this.#clients = Array.from({ length: clients }, (_, client) => this.#run(client));
  }

  /** Lets each client end the call that it is in. Rejects with what is no error of the library. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#clients);
    this.#loop.disable();
  }

  /** As `stop`, and what went wrong is told by whoever asked. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop().catch(() => undefined);
  }

  /** Reads that did not see what their client had been told is written. */
  get stale(): number {
    return this.#stale;
  }

  /** Reads that saw a transaction by half. */
  get uneven(): number {
    return this.#uneven;
  }

  /** Calls of a time (by their beginning), kind and end. O(calls). */
  ended(filter: { readonly since?: number; readonly until?: number; readonly kind?: Call['kind']; readonly isWell?: boolean } = {}): readonly Call[] {
    const { since = 0, until = Infinity, kind, isWell } = filter;
    return this.calls.filter(
      (call) =>
        call.startedAt >= since &&
        call.startedAt < until &&
        (kind === undefined || call.kind === kind) &&
        (isWell === undefined || isWell === (call.code === undefined)),
    );
  }

  /** Whether each client has begun a call since then that ended well, or did not. O(clients). */
  isEveryClient(how: 'well' | 'failed', since: number): boolean {
    return [...this.#last[how].values()].filter(({ startedAt }) => startedAt >= since).length === this.#options.clients;
  }

  /** Whether any call ended well since then that had begun after `begunAfter`. O(clients). */
  isServedSince(since: number, begunAfter = since): boolean {
    return [...this.#last.well.values()].some(({ startedAt, endedAt }) => startedAt >= begunAfter && endedAt >= since);
  }

  /** Longest time since then in which no such call ended well, in milliseconds; what has not ended yet is left out. O(calls). */
  longestPause(kind: Call['kind'], since: number): number {
    const ends = this.calls.filter((call) => call.kind === kind && call.code === undefined && call.endedAt >= since).map(({ endedAt }) => endedAt);
    return ends.reduce((longest, endedAt, at) => Math.max(longest, endedAt - (ends[at - 1] ?? since)), 0);
  }

  /** By how much the slowest call exceeded its time, in milliseconds; not more than what the process itself was late. */
  get overrunMs(): number {
    const slowest = this.calls.reduce((most, { startedAt, endedAt }) => Math.max(most, endedAt - startedAt), 0);
    return Math.max(0, slowest - this.#options.timeoutMs - this.#loop.max / nanosecondsPerMillisecond);
  }

  async #run(client: number): Promise<void> {
    const accountId = BigInt(client);
    const { readsPerWrite = 1 } = this.#options;
    while (!this.#isStopped) {
      if (!(await this.#write(client, accountId))) await sleep(pauseAfterErrorMs);
      for (let reads = 0; reads < readsPerWrite && !this.#isStopped; reads += 1) {
        if (!(await this.#read(client, accountId))) await sleep(pauseAfterErrorMs);
      }
    }
  }

  async #write(client: number, accountId: bigint): Promise<boolean> {
    const entryId = this.#nextEntries[client] ?? 0n;
    this.#nextEntries[client] = entryId + 1n;
    const code = await this.#call('write', client, async () => {
      await this.#database.transaction(
        async (session) => {
          await session.dao(entry).insert({ id: entryId, account: accountId });
          await session.dao(account).increment(accountId, { total: 1n });
        },
        { timeoutMs: this.#options.timeoutMs },
      );
      this.books.acknowledge(entryId, accountId);
    });
    if (code !== undefined) this.books.fail(entryId, code);
    return code === undefined;
  }

  async #read(client: number, accountId: bigint): Promise<boolean> {
    const { timeoutMs } = this.#options;
    const code = await this.#call('read', client, async () => {
      const told = this.books.acknowledgedOf(accountId);
      const [total, entries] = await this.#database.read(
        async (session) => [(await session.dao(account).get(accountId))?.total, await session.dao(entry).count({ account: accountId })],
        { timeoutMs },
      );
      if (Number(total) !== entries) this.#uneven += 1;
      if (entries < told) this.#stale += 1;
    });
    return code === undefined;
  }

  /** @returns the code of its error */
  async #call(kind: Call['kind'], client: number, work: () => Promise<void>): Promise<string | undefined> {
    const startedAt = performance.now();
    let code: string | undefined;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof DaoError)) throw error;
      code = error.code;
    }
    const call = { kind, client, startedAt, endedAt: performance.now(), code };
    this.calls.push(call);
    this.#last[code === undefined ? 'well' : 'failed'].set(client, call);
    return code;
  }
}
