import type { LockOptions, Patch, Row } from '@midgard/dao';
import type { Work } from '../context.ts';
import { gameOrder } from '../entities/order.ts';
import { invalidTransition, notFound, orAlreadyExists } from '../refusals.ts';
import type { JsonRecord } from '../wire/json.ts';

/** An order as the database holds it. */
export type OrderRow = Row<typeof gameOrder>;

/** What an order begins with. */
export interface NewOrder {
  readonly playerId: bigint;
  readonly product: string;
  readonly quantity: bigint;
  readonly currency: string;
  readonly amount: bigint;
  readonly channel: string;
  readonly metadata: JsonRecord;
}

/** From each state, where an order may go. What is delivered cannot be refunded: the protocol names no such step. */
const nextStates: ReadonlyMap<string, readonly string[]> = new Map([
  ['created', ['paid']],
  ['paid', ['delivered', 'refunded']],
]);

/** The orders of a game, within one transaction or snapshot. */
export class Orders {
  readonly #work: Work;

  /** @param work the transaction or snapshot */
  constructor(work: Work) {
    this.#work = work;
  }

  /**
   * @param options.forUpdate of an order that is to be changed: see {@link LockOptions}
   * @throws {MidgardError} 2002
   */
  async require(id: bigint, options?: LockOptions): Promise<OrderRow> {
    const row = await this.#work.rows(gameOrder, id, options);
    if (row === undefined) throw notFound('order', id);
    return row;
  }

  /** @param order of an active player: see `players.requireActive` */
  create(order: NewOrder): Promise<OrderRow> {
    const { session, ids } = this.#work;
    return session.dao(gameOrder).insert({ ...order, id: ids.next(), state: 'created' });
  }

  /**
   * @param transactionId the payment's name at the channel, unique there
   * @throws {MidgardError} 2002; 2008 where the order is not `created`; 2005 where another order was paid with it
   */
  async pay(id: bigint, transactionId: string): Promise<OrderRow> {
    return orAlreadyExists(
      () => this.#enter(id, 'paid', ({ channel }) => ({ transactionId, paymentKey: `${channel}/${transactionId}`, paidAt: this.#work.now })),
      'another order was paid with this transactionId',
      { field: 'transactionId' },
    );
  }

  /** @throws {MidgardError} 2002; 2008 where the order is not `paid` */
  deliver(id: bigint): Promise<OrderRow> {
    return this.#enter(id, 'delivered', () => ({ deliveredAt: this.#work.now }));
  }

  /** @throws {MidgardError} 2002; 2008 where the order is not `paid` */
  refund(id: bigint, reason: string): Promise<OrderRow> {
    return this.#enter(id, 'refunded', () => ({ refundReason: reason, refundedAt: this.#work.now }));
  }

  async #enter(id: bigint, state: string, patch: (order: OrderRow) => Patch<typeof gameOrder>): Promise<OrderRow> {
    const order = await this.require(id, { forUpdate: true });
    if (nextStates.get(order.state)?.includes(state) !== true) throw invalidTransition('order', id, order.state, state);
    return this.#work.session.dao(gameOrder).update(id, { ...patch(order), state }, { expectedVersion: order.version });
  }
}
