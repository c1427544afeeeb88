import { z } from 'zod';
import { Call } from './call.ts';
import type { Flow } from './flow.ts';
import { DONE, type Outcome } from './link.ts';
import { type BookedOrder, type OrderStep, orderSteps } from './order-book.ts';

const Created = z.object({ id: z.string() });
const firstOfRequest = 2000;
const inFlight = 2010;
const rateLimited = 3005;

/**
 * Orders from their creation to their delivery, one after the other.
 *
 * A step of which nobody knows whether it was done is asked for again with the same idempotency key, as a careful game server does:
 * that is how an order would be doubled, if it could be.
 */
export class OrderFlow implements Flow {
  readonly #run: string;
  readonly #name: string;
  readonly #playerId: string;
  readonly #book: BookedOrder[];
  #order: BookedOrder | undefined;
  #call: Call | undefined;
  #count = 0;

  /**
   * @param parts.run name of the stress run
   * @param parts.name of this flow, unique in the run
   * @param parts.playerId whose orders
   * @param parts.book gets each order before it is asked for
   */
  constructor({ run, name, playerId, book }: { readonly run: string; readonly name: string; readonly playerId: string; readonly book: BookedOrder[] }) {
    this.#run = run;
    this.#name = name;
    this.#playerId = playerId;
    this.#book = book;
  }

  next(): Call {
    this.#order ??= this.#begin();
    this.#call ??= this.#callOf(this.#order);
    return this.#call;
  }

  answered(outcome: Outcome, body: () => unknown): void {
    const order = this.#order;
    if (order === undefined || isWorthAnotherTry(outcome)) return;
    this.#call = undefined;
    if (outcome === DONE && order.id === undefined) order.id = Created.safeParse(body()).data?.id;
    if (outcome === DONE) order.done += 1;
    if (outcome !== DONE || order.done === orderSteps.length || order.id === undefined) this.#order = undefined;
  }

  #begin(): BookedOrder {
    this.#count += 1;
    const order = { tag: `${this.#name}-${this.#count}`, playerId: this.#playerId, id: undefined, done: 0 };
    this.#book.push(order);
    return order;
  }

  #callOf({ tag, playerId, id = '', done }: BookedOrder): Call {
    const key = (step: OrderStep): string => `${this.#run}-${tag}-${step}`;
    if (done === 0) {
      const metadata = { bench: this.#run, tag };
      return new Call('order.create', { playerId, product: 'bench', quantity: 1, currency: 'bench', amount: 100, metadata }, key('create'));
    }
    if (done === 1) return new Call('order.pay', { id, transactionId: `${this.#run}-${tag}` }, key('pay'));
    return new Call('order.deliver', { id }, key('deliver'));
  }
}

/** The service or the way to it failed, or it has not finished what was asked before: not what was asked is wrong. */
function isWorthAnotherTry(outcome: Outcome): boolean {
  return outcome !== DONE && (outcome < firstOfRequest || outcome === inFlight || outcome === rateLimited);
}
