import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { eventSocket } from './event-socket.ts';
import type { StartedService } from './service-process.ts';

const Message = z.looseObject({
  ok: z.unknown().optional(),
  error: z.looseObject({ code: z.number() }).optional(),
  event: z.looseObject({ id: z.string(), data: z.looseObject({ amount: z.string().optional() }) }).optional(),
  gap: z.unknown().optional(),
});

/** A page that listens to topics over WebSocket, as one in a browser does: where it is closed it comes again, and goes on from its last event. */
export class EventListener {
  /** What it heard, in order. */
  readonly events: NonNullable<z.infer<typeof Message>['event']>[] = [];
  /** How its connections ended, but for the last. */
  readonly closeCodes: number[] = [];
  /** Everything that such a page should not have to see. */
  readonly failures: unknown[] = [];
  /** Connections that were opened and whose topics are subscribed to. */
  subscribed = 0;
  readonly #service: StartedService;
  readonly #topics: readonly string[];
  #socket: WebSocket | undefined;
  #isStopped = false;

  constructor(service: StartedService, topics: readonly string[]) {
    this.#service = service;
    this.#topics = topics;
  }

  /** Listens until {@link stop}. */
  async run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        const code = await this.#listen();
        if (!this.#isStopped) this.closeCodes.push(code);
      } catch (error) {
        this.failures.push(error);
        await sleep(20);
      }
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#socket?.close();
  }

  /** @returns how the connection was closed */
  async #listen(): Promise<number> {
    const { promise: closed, resolve, reject } = Promise.withResolvers<number>();
    const socket = await eventSocket(this.#service, { 'X-API-Key': this.#service.key });
    this.#socket = socket;
    const after = this.events.at(-1)?.id;
    const input = { game: 'realm', topics: this.#topics, ...(after !== undefined && { after }) };
    socket.addEventListener('open', () => socket.send(JSON.stringify({ id: 1, game: 'midgard', operation: 'subscribe', input })));
    socket.addEventListener('message', ({ data }) => this.#take(Message.parse(JSON.parse(String(data)))));
    socket.addEventListener('error', () => reject(new Error('a connection could not be opened, or broke')));
    socket.addEventListener('close', ({ code }) => resolve(code));
    return closed;
  }

  #take({ ok, error, event, gap }: z.infer<typeof Message>): void {
    if (event !== undefined) this.events.push(event);
    else if (ok !== undefined) this.subscribed += 1;
    else if (error !== undefined || gap !== undefined) this.failures.push(error ?? gap);
  }
}
