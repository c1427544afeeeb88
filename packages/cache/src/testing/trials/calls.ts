import { trusted } from '../../tiered/trusted.ts';

/** One end of a channel between two processes; `ChildProcess` and `process` are ones. */
export interface ChannelEnd {
  send?(message: unknown): unknown;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

/** What the other end may ask for. Arguments and results are what a structured clone carries. */
export type Methods = Readonly<Record<string, (argument: never) => unknown>>;

type Message =
  | { readonly kind: 'ask'; readonly id: number; readonly method: string; readonly argument: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly result: unknown; readonly failure: string | undefined };

/** Calls between processes, in both directions. */
export class Calls {
  readonly #end: ChannelEnd;
  readonly #waiting = new Map<number, { resolve: (result: never) => void; reject: (error: unknown) => void }>();
  #asked = 0;

  /** @param methods what this end answers */
  constructor(end: ChannelEnd, methods: Methods) {
    this.#end = end;
    end.on('message', (raw) => {
      const message: Message = trusted(raw);
      if (message.kind === 'ask') void this.#answer(message, methods[message.method]);
      else this.#answered(message);
    });
  }

  /** Asks the other end. */
  ask<T>(method: string, argument: unknown): Promise<T> {
    this.#asked += 1;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.set(this.#asked, { resolve, reject });
    this.#send({ kind: 'ask', id: this.#asked, method, argument });
    return promise;
  }

  /** The other end is gone. */
  fail(error: unknown): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  async #answer({ id, method, argument }: Extract<Message, { kind: 'ask' }>, run: ((argument: never) => unknown) | undefined): Promise<void> {
    try {
      if (run === undefined) throw new TypeError(`no method ${method}`);
      this.#send({ kind: 'answer', id, result: await run(trusted(argument)), failure: undefined });
    } catch (error) {
      this.#send({ kind: 'answer', id, result: undefined, failure: String(error) });
    }
  }

  #answered({ id, result, failure }: Extract<Message, { kind: 'answer' }>): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (failure === undefined) waiting?.resolve(trusted(result));
    else waiting?.reject(new Error(failure));
  }

  #send(message: Message): void {
    this.#end.send?.(message);
  }
}
