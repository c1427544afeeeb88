import { SetupError } from '../setup-error.ts';

/** What `process` of a child and a `ChildProcess` have in common. */
export interface ChannelPeer {
  readonly connected?: boolean;
  send?(message: object, handle: undefined, options: undefined, done: (error: Error | null) => void): boolean;
  on(event: 'message' | 'disconnect', listener: (message: unknown) => void): unknown;
}

/** Answers what the other side asks, by the name of the question; what it is told has no answer. */
export type Answers = Readonly<Record<string, (body: unknown) => unknown>>;

/** Member of our messages: others use the channel, too. */
const mark = 'midgard.process';
const defaultTimeoutMs = 5000;

interface Waiting {
  readonly resolve: (body: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Questions and answers between the primary and one of its workers, over the channel that Node gives a forked process. What is sent arrives
 * once and in order, until the channel closes. What is sent in one turn of the event loop goes together: a storm of handshakes asks for each of
 * them, and a message by itself costs as much as a handshake.
 */
export class Channel {
  readonly #peer: ChannelPeer;
  readonly #answers: Answers;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  /** What waits for the end of this turn. */
  #outgoing: object[] = [];

  /** @param answers what to do with what the other side asks; names that are not in it are let be */
  constructor(peer: ChannelPeer, answers: Answers) {
    this.#peer = peer;
    this.#answers = answers;
    peer.on('message', (message) => this.#hear(message));
    peer.on('disconnect', () => this.#end());
  }

  /** Sends what needs no answer; to one that has gone it is not sent. */
  tell(name: string, body: unknown = null): void {
    this.#send({ name, body });
  }

  /**
   * @returns what the other side answers
   * @throws {Error} it failed there, has gone, or did not answer in time
   */
  ask(name: string, body: unknown = null, timeoutMs: number = defaultTimeoutMs): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const id = (this.#lastId += 1);
    const fail = (why: string): void => {
      this.#waiting.delete(id);
      clearTimeout(timer);
      reject(new SetupError('ERR_SETUP_WORKER', `${name}: ${why}`));
    };
    const timer = setTimeout(() => fail(`the other process did not answer within ${timeoutMs} ms`), timeoutMs);
    this.#waiting.set(id, { resolve, reject, timer });
    if (!this.#send({ id, name, body })) fail('the other process has gone');
    return promise;
  }

  #send(message: object): boolean {
    if (this.#peer.connected !== true || this.#peer.send === undefined) return false;
    if (this.#outgoing.push(message) === 1) setImmediate(() => this.#flush());
    return true;
  }

  #flush(): void {
    const messages = this.#outgoing;
    this.#outgoing = [];
    // With a callback an error is given to it and not thrown out of nowhere; that the channel closed is told by `disconnect`.
    if (this.#peer.connected === true) this.#peer.send?.({ [mark]: messages }, undefined, undefined, () => undefined);
  }

  #hear(envelope: unknown): void {
    const messages: unknown = member(envelope, mark);
    if (Array.isArray(messages)) for (const message of messages) this.#hearOne(message);
  }

  #hearOne(message: unknown): void {
    const id: unknown = member(message, 'id');
    const name: unknown = member(message, 'name');
    if (typeof name === 'string') void this.#answer(name, member(message, 'body'), typeof id === 'number' ? id : undefined);
    else if (typeof id === 'number') this.#settle(id, message);
  }

  async #answer(name: string, body: unknown, id: number | undefined): Promise<void> {
    const answer = this.#answers[name];
    if (answer === undefined) return;
    try {
      const given = await answer(body);
      if (id !== undefined) this.#send({ id, body: given ?? null });
    } catch (error) {
      if (id === undefined) throw error;
      this.#send({ id, error: error instanceof Error ? error.message : String(error) });
    }
  }

  #settle(id: number, message: unknown): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    const error: unknown = member(message, 'error');
    if (typeof error === 'string') waiting.reject(new SetupError('ERR_SETUP_WORKER', error));
    else waiting.resolve(member(message, 'body'));
  }

  #end(): void {
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new SetupError('ERR_SETUP_WORKER', 'the other process has gone'));
    }
    this.#waiting.clear();
  }
}

/** A member of what may be no object. */
export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
