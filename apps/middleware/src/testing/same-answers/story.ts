import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Transcript, Transport } from './transcript.ts';

const WithId = z.looseObject({ id: z.string() });
const Page = z.looseObject({ items: z.array(z.unknown()), nextCursor: z.string().nullable() });

/** When the session begins: in the past, so that nobody takes the machine's clock for the service's. */
const beginning = Date.UTC(2025, 5, 1, 12, 0, 0, 7);
const stepMs = 1501;

/** No list of the session has so many. */
const mostItems = 100;

/** Errors of protocol.md that the session meets. */
export const codes = {
  invalidInput: 2001,
  notFound: 2002,
  alreadyExists: 2005,
  versionConflict: 2006,
  insufficient: 2007,
  invalidTransition: 2008,
  idempotencyReused: 2009,
  credentialInvalid: 3003,
  notPermitted: 3004,
} as const;

/** A session with the game over one transport, told with few words; each chapter of it is a function that takes this. */
export class Story {
  readonly via: Transport;
  readonly #transcript: Transcript;
  readonly #clock: StoryClock;
  #keys = 0;

  constructor(transcript: Transcript, via: Transport, clock: StoryClock) {
    this.#transcript = transcript;
    this.via = via;
    this.#clock = clock;
  }

  /** Lets the service's clock go on. In between it stands, also for what the service does by itself: what is written behind gets its time from it. */
  later(): void {
    this.#clock.later();
  }

  /** Of the service's clock, so much later. */
  time(inMs = 0): string {
    return new Date(this.#clock.nowMs + inMs).toISOString();
  }

  /** A new idempotency key. */
  key(): { readonly idempotencyKey: string } {
    this.#keys += 1;
    return { idempotencyKey: `${this.via}-key-${this.#keys}` };
  }

  /** @returns the answer of an operation that succeeds */
  ask(operation: string, input: unknown): Promise<unknown> {
    return this.#transcript.ask(this.via, operation, input);
  }

  /** @returns the id in the answer of an operation that succeeds */
  async idOf(operation: string, input: unknown): Promise<string> {
    return WithId.parse(await this.ask(operation, input)).id;
  }

  /** Asks for what is refused, with this error. */
  async refused(error: keyof typeof codes, operation: string, input: unknown): Promise<void> {
    await this.#transcript.ask(this.via, operation, input, codes[error]);
  }

  /** Asks twice with one key: the second answer must be the first. */
  async twice(operation: string, input: object): Promise<unknown> {
    const keyed = { ...input, ...this.key() };
    const first = await this.ask(operation, keyed);
    const second = await this.ask(operation, keyed);
    if (JSON.stringify(first) !== JSON.stringify(second)) throw new Error(`${operation}: a repeated key did not give the first answer`);
    await this.refused('idempotencyReused', operation, { ...keyed, ...changed(input) });
    return first;
  }

  /** Reads a list to its end, page by page. @returns how many items it has */
  async pages(operation: string, input: object, limit: number): Promise<number> {
    let items = 0;
    let cursor: string | null = null;
    do {
      const page: z.output<typeof Page> = Page.parse(await this.ask(operation, { ...input, limit, ...(cursor !== null && { cursor }) }));
      items += page.items.length;
      cursor = page.nextCursor;
      if (items > mostItems) throw new Error(`${operation} has no end`);
    } while (cursor !== null);
    await this.refused('invalidInput', operation, { ...input, limit, cursor: 'bm90IG9uZSBvZiBvdXJz' });
    return items;
  }
}

/** The same input with something else in it. */
function changed(input: object): object {
  return 'reason' in input
    ? { reason: 'another' }
    : Object.fromEntries(Object.entries(input).map(([name, value]) => [name, typeof value === 'number' ? value + 1 : value]));
}

/** The clock of the service, which stands until it is told. */
export class StoryClock {
  readonly #file: string;
  nowMs = beginning;

  /** @param file that the service reads its time from */
  constructor(file: string) {
    this.#file = file;
    writeFileSync(file, String(this.nowMs));
  }

  later(): void {
    this.nowMs += stepMs;
    writeFileSync(this.#file, String(this.nowMs));
  }
}
