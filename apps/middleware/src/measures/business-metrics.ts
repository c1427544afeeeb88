import type { RuntimeListener } from '@midgard/game-kit';
import type { Registry } from '@midgard/metrics';
import { z } from 'zod';

/** Currencies are slugs that callers choose; a game has a handful. */
const mostCurrencies = 200;

/** What an order operation answers, as far as it is counted. */
const Order = z.object({ state: z.enum(['created', 'paid', 'delivered', 'refunded']), currency: z.string(), amount: z.coerce.number().min(0) });

/**
 * Counts what the games live on: orders by the state that they came to, revenue and refunds by currency. An answer that was given before,
 * to a repeated idempotency key, is not counted again. The books are the ledger's, which is exact; these figures are for graphs.
 *
 * @returns what makes the listener of one game
 */
export function businessMetrics(registry: Registry): (game: string) => RuntimeListener {
  const orders = registry.counter({ name: 'midgard_orders_total', help: 'Orders that came to a state', labels: ['game', 'state'] });
  const money = (name: string, help: string) =>
    registry.counter({ name: `midgard_${name}_total`, help, labels: ['game', 'currency'], maxSeries: mostCurrencies });
  const revenue = money('revenue', 'Amounts of orders that were paid, in the smallest unit of their currency');
  const refunds = money('refunds', 'Amounts of orders that were refunded, in the smallest unit of their currency');
  return (game) => ({
    committed: ({ operation, changes, output }) => {
      if (!operation.name.startsWith('order.') || changes.length === 0) return;
      const { data: order } = Order.safeParse(output);
      if (order === undefined) return;
      const { state, currency, amount } = order;
      orders.labels({ game, state }).add();
      if (state === 'paid') revenue.labels({ game, currency }).add(amount);
      if (state === 'refunded') refunds.labels({ game, currency }).add(amount);
    },
  });
}
