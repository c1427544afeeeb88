import type { CacheError } from '../errors.ts';
import type { NodeConnection, ScriptCall } from './node-connection.ts';
import type { Command, Reply } from './round.ts';
import type { Servers } from './servers.ts';
import { within } from './within.ts';

const maxRedirections = 5;
/** Keys of one call to the servers; more go in parts. */
export const mostAtOnce: number = 1000;

/** What is asked of the server of each key, and what its answer means. */
export interface Question<T> {
  /** @param epoch of the server that will be asked */
  readonly ask: (key: string, index: number, epoch: string) => Command | ScriptCall;
  /** @returns undefined: the answer makes no sense */
  readonly understand: (reply: Reply, index: number, epoch: string) => T | undefined;
}

interface Job {
  readonly key: string;
  readonly index: number;
}

interface Answer<T> {
  readonly index: number;
  readonly value: T;
}

/** Asks about keys: all that one server has in one pipeline, and where a key has moved, its new server. */
export class KeyedCalls {
  readonly #servers: Servers;
  readonly #timeoutMs: number;

  constructor(servers: Servers, timeoutMs: number) {
    this.#servers = servers;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * @returns one answer for each key, in order
   * @throws {CacheError} `ERR_CACHE_TIER`: of one of them there is no answer
   */
  async each<T>(keys: readonly string[], question: Question<T>): Promise<readonly T[]> {
    const [only] = keys;
    if (only !== undefined && keys.length === 1) return [await this.one(only, question)];
    if (keys.length > mostAtOnce) return this.#inParts(keys, question);
    const groups = this.#jobsByServer(keys);
    const answers: Answer<T>[] = [];
    const asked = [...groups].map(([connection, jobs]) => this.#askServer(connection, jobs, question, answers));
    await (asked.length === 1 ? asked[0] : Promise.all(asked));
    if (groups.size > 1 || answers.some(({ index }, i) => index !== i)) answers.sort((a, b) => a.index - b.index);
    return answers.map(({ value }) => value);
  }

  /** One part after the other, each within its own time: so many answers may take a busy server longer than one call may. */
  async #inParts<T>(keys: readonly string[], { ask, understand }: Question<T>): Promise<readonly T[]> {
    const answers: T[] = [];
    for (let from = 0; from < keys.length; from += mostAtOnce) {
      const part = await this.each(keys.slice(from, from + mostAtOnce), {
        ask: (key, i, epoch) => ask(key, from + i, epoch),
        understand: (reply, i, epoch) => understand(reply, from + i, epoch),
      });
      answers.push(...part);
    }
    return answers;
  }

  /** As {@link each} for one key: the way of most calls, with nothing made that only many keys need. */
  async one<T>(key: string, question: Question<T>): Promise<T> {
    const connection = this.#servers.connectionOf(key);
    const epoch = connection.epochOrThrow();
    const [reply] = await connection.run([question.ask(key, 0, epoch)]);
    const value = reply instanceof Error ? await this.#follow(connection, reply, { key, index: 0 }, question) : question.understand(reply, 0, epoch);
    if (value === undefined) throw connection.failure('gave an answer that makes no sense');
    return value;
  }

  #jobsByServer(keys: readonly string[]): Map<NodeConnection, Job[]> {
    const groups = new Map<NodeConnection, Job[]>();
    for (const [index, key] of keys.entries()) {
      const connection = this.#servers.connectionOf(key);
      const jobs = groups.get(connection);
      if (jobs === undefined) groups.set(connection, [{ key, index }]);
      else jobs.push({ key, index });
    }
    return groups;
  }

  /** Of the many keys of a call few are on their way to another server, if any: only those cost a promise each. */
  async #askServer<T>(connection: NodeConnection, jobs: readonly Job[], question: Question<T>, answers: Answer<T>[]): Promise<void> {
    const epoch = connection.epochOrThrow();
    const replies = await connection.run(jobs.map(({ key, index }) => question.ask(key, index, epoch)));
    const elsewhere: Promise<void>[] = [];
    const take = (index: number, value: T | undefined): void => {
      if (value === undefined) throw connection.failure('gave an answer that makes no sense');
      answers.push({ index, value });
    };
    for (const [i, job] of jobs.entries()) {
      const reply = replies[i];
      if (reply instanceof Error) elsewhere.push(this.#follow(connection, reply, job, question).then((value) => take(job.index, value)));
      else take(job.index, question.understand(reply, job.index, epoch));
    }
    if (elsewhere.length > 0) await Promise.all(elsewhere);
  }

  /** Goes where the error says, and on from there. */
  async #follow<T>(from: NodeConnection, first: Error, { key, index }: Job, question: Question<T>): Promise<T | undefined> {
    let error = first;
    for (let steps = 0; steps < maxRedirections; steps += 1) {
      const late = (): CacheError => from.failure('sent on to a server that cannot be reached', error);
      const to = await within(this.#servers.redirection(error), this.#timeoutMs, late);
      if (to === undefined) break;
      const epoch = to.connection.epochOrThrow();
      const asking: readonly Command[] = to.isAsking ? [['ASKING']] : [];
      const reply = (await to.connection.run([...asking, question.ask(key, index, epoch)])).at(-1);
      if (!(reply instanceof Error)) return question.understand(reply, index, epoch);
      error = reply;
    }
    throw from.failure('refused', error);
  }
}
