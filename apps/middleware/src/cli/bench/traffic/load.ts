import type { Flow } from './flow.ts';
import { type Link, type LinkListener, NOT_SENT, type Outcome, UNANSWERED } from './link.ts';
import type { Tally } from './tally.ts';

/** What a {@link Load} works with. */
export interface LoadParts {
  readonly connections: number;
  readonly depth: number;
  /** Requests a second; undefined: closed loop. */
  readonly ratePerSecond: number | undefined;
  /** Opens a link; called again when it was lost. */
  readonly open: (listener: LinkListener) => Promise<Link>;
  /** @param slot from 0 to below `connections × depth` */
  readonly flowOf: (slot: number) => Flow;
  readonly tally: Tally;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

/** So long the load waits before it tries a lost connection again. */
const reopenMs = 250;
/** So long answers are waited for at the end. */
const drainMs = 5000;
const never = Number.POSITIVE_INFINITY;

/**
 * Puts load on the service over its connections.
 *
 * Closed loop: every slot sends its next request when the last is answered, and latency counts from sending. Open loop: requests
 * are due at a steady rate whatever the service does, and latency counts from when a request was due, also where no slot was free
 * then; else a service that stalls would be asked less and look good (coordinated omission).
 */
export class Load {
  readonly #parts: LoadParts;
  readonly #links: (Link | undefined)[];
  readonly #flows: readonly Flow[];
  /** By slot, when its request was sent or due; NaN: it has none. */
  readonly #since: Float64Array;
  /** Slots without a request whose connection stands, longest idle first. */
  readonly #idle: number[] = [];
  /** Links that were given requests since the last flush. */
  readonly #unflushed: Link[] = [];
  #pending = 0;
  #recordsFrom = never;
  #endsAt = never;
  /** Of the requests that are due by the rate: when the first was. */
  #dueFrom = never;
  /** How many of them were sent. */
  #sent = 0;
  #isSending = false;
  #drained: (() => void) | undefined;

  constructor(parts: LoadParts) {
    this.#parts = parts;
    this.#links = Array.from({ length: parts.connections }, () => undefined);
    const slots = parts.connections * parts.depth;
    this.#flows = Array.from({ length: slots }, (_, slot) => parts.flowOf(slot));
    this.#since = new Float64Array(slots).fill(Number.NaN);
  }

  /** Opens all connections; see `LinkKind.open` for what it throws. */
  async connect(): Promise<void> {
    const atOnce = 50;
    for (let from = 0; from < this.#links.length; from += atOnce) {
      const some = Array.from({ length: Math.min(atOnce, this.#links.length - from) }, (_, at) => from + at);
      await Promise.all(some.map((connection) => this.#open(connection)));
    }
  }

  /** Begins to send. @param recordsFrom what is sent or due earlier is the warm-up and is not counted @param endsAt when no more is sent */
  start({ recordsFrom, endsAt }: { readonly recordsFrom: number; readonly endsAt: number }): void {
    this.#recordsFrom = recordsFrom;
    this.#endsAt = endsAt;
    this.#dueFrom = this.#parts.now();
    this.#isSending = true;
    if (this.#parts.ratePerSecond === undefined) this.#refill();
    else this.#pace();
  }

  /** Sends no more, whatever was planned. */
  stop(): void {
    this.#endsAt = Math.min(this.#endsAt, this.#parts.now());
  }

  /** Waits for what is unanswered, closes the connections, and counts what was never answered or never sent. */
  async end(): Promise<void> {
    this.stop();
    // What fell due since the last turn of the event loop.
    this.#refill();
    this.#isSending = false;
    if (this.#pending > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#drained = resolve;
      const timer = setTimeout(resolve, drainMs);
      await promise;
      clearTimeout(timer);
    }
    for (const link of this.#links) link?.close();
    this.#since.forEach((since, slot) => {
      if (!Number.isNaN(since)) this.#settle(slot, UNANSWERED, () => undefined);
    });
    this.#countUnsent();
  }

  async #open(connection: number): Promise<void> {
    const { depth, open } = this.#parts;
    const first = connection * depth;
    this.#links[connection] = await open({
      answered: (slot, outcome, body) => {
        this.#settle(first + slot, outcome, body);
        if (this.#links[connection] !== undefined) this.#idle.push(first + slot);
      },
      settled: () => this.#refill(),
      lost: () => this.#reopen(connection),
    });
    for (let slot = first; slot < first + depth; slot += 1) this.#idle.push(slot);
  }

  #reopen(connection: number): void {
    const { depth } = this.#parts;
    this.#links[connection] = undefined;
    const isOthers = (slot: number): boolean => Math.floor(slot / depth) !== connection;
    this.#idle.splice(0, this.#idle.length, ...this.#idle.filter(isOthers));
    if (this.#isOver) return;
    setTimeout(() => {
      if (this.#isOver) return;
      this.#open(connection).then(
        () => (this.#isOver ? this.#links[connection]?.close() : this.#refill()),
        () => this.#reopen(connection),
      );
    }, reopenMs);
  }

  get #isOver(): boolean {
    return this.#parts.now() >= this.#endsAt;
  }

  #settle(slot: number, outcome: Outcome, body: () => unknown): void {
    const since = this.#since[slot] ?? Number.NaN;
    this.#since[slot] = Number.NaN;
    this.#pending -= 1;
    if (since >= this.#recordsFrom) this.#parts.tally.add(outcome, this.#parts.now() - since);
    this.#flows[slot]?.answered(outcome, body);
    if (this.#pending === 0) this.#drained?.();
  }

  /** Gives the free slots their next requests: all that may be sent now. */
  #refill(): void {
    if (!this.#isSending) return;
    const { ratePerSecond, now } = this.#parts;
    const at = now();
    if (at >= this.#recordsFrom && this.#dueFrom < this.#recordsFrom) this.#forgetWarmUp();
    for (;;) {
      const since = ratePerSecond === undefined ? at : this.#dueAt(ratePerSecond, this.#sent);
      if (since > at || since >= this.#endsAt) break;
      const slot = this.#idle.shift();
      if (slot === undefined) break;
      this.#send(slot, since);
    }
    for (const link of this.#unflushed) link.flush();
    this.#unflushed.length = 0;
  }

  #send(slot: number, since: number): void {
    const { depth } = this.#parts;
    const flow = this.#flows[slot];
    const link = this.#links[Math.floor(slot / depth)];
    if (flow === undefined || link === undefined) return;
    this.#since[slot] = since;
    this.#pending += 1;
    this.#sent += 1;
    link.send(slot % depth, flow.next());
    if (this.#unflushed.at(-1) !== link) this.#unflushed.push(link);
  }

  /** What was due in the warm-up and not sent would be waited for by all that is measured. */
  #forgetWarmUp(): void {
    this.#dueFrom = this.#recordsFrom;
    this.#sent = 0;
  }

  /** When the n-th is due, from 0. */
  #dueAt(ratePerSecond: number, n: number): number {
    return this.#dueFrom + (n * 1000) / ratePerSecond;
  }

  /** Comes round with the event loop and not by a timer, which would be up to a millisecond late: a good part of what is measured. */
  #pace(): void {
    this.#refill();
    if (!this.#isOver) setImmediate(() => this.#pace());
  }

  #countUnsent(): void {
    const { ratePerSecond, tally } = this.#parts;
    if (ratePerSecond === undefined) return;
    if (this.#endsAt <= this.#recordsFrom) return;
    let unsent = 0;
    // Asked as for sending: reckoned from the length of the run it is one more where that is not exact, since (a + b) - a need not be b.
    while (this.#dueAt(ratePerSecond, this.#sent + unsent) < this.#endsAt) unsent += 1;
    tally.addErrors(NOT_SENT, unsent);
  }
}
