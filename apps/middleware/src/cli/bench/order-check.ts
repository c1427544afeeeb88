import { z } from 'zod';
import type { Asker } from './asker.ts';
import { inTurns } from './players.ts';
import type { Plan } from './plan.ts';
import { Call } from './traffic/call.ts';
import type { BookedOrder } from './traffic/order-book.ts';

const Page = z.object({
  items: z.array(z.object({ id: z.string(), state: z.string(), metadata: z.looseObject({ bench: z.string().optional(), tag: z.string().optional() }) })),
  nextCursor: z.string().nullable(),
});
type ReadOrder = z.infer<typeof Page>['items'][number];

const pageRows = 200;
/** Steps behind an order in each state. */
const stepsBehind: ReadonlyMap<string, number> = new Map([
  ['created', 1],
  ['paid', 2],
  ['delivered', 3],
]);

/** What reading the orders back has shown. */
export interface OrderCheck {
  /** Orders whose creation was acknowledged. */
  readonly acknowledged: number;
  /** Orders of the run that the service has: also those whose answer never came. */
  readonly found: number;
  /** Acknowledged, and not there or behind the step that was acknowledged last. */
  readonly lost: number;
  /** Further orders that came of a single one. */
  readonly doubled: number;
}

/** Holds what the service has against what it acknowledged. */
export async function checkOrders(plan: Plan, players: readonly string[], book: readonly BookedOrder[]): Promise<OrderCheck> {
  const found: ReadOrder[] = [];
  await inTurns(plan, players, async (asker, playerId) => void found.push(...(await ordersOf(asker, playerId))));
  return compareOrders(
    book,
    found.filter(({ metadata }) => metadata.bench === plan.run),
  );
}

/** @param found all orders of the run that the service has */
export function compareOrders(book: readonly BookedOrder[], found: readonly ReadOrder[]): OrderCheck {
  const byTag = Map.groupBy(found, ({ metadata }) => metadata.tag ?? '');
  const acknowledged = book.filter(({ done }) => done > 0);
  const isKept = ({ tag, id, done }: BookedOrder): boolean =>
    byTag.get(tag)?.some((order) => order.id === id && (stepsBehind.get(order.state) ?? 0) >= done) === true;
  return {
    acknowledged: acknowledged.length,
    found: found.length,
    lost: acknowledged.filter((order) => !isKept(order)).length,
    doubled: found.length - byTag.size,
  };
}

async function ordersOf(asker: Asker, playerId: string): Promise<readonly ReadOrder[]> {
  const orders: ReadOrder[] = [];
  let cursor: string | null = null;
  do {
    const from: Record<string, string> = cursor === null ? {} : { cursor };
    const page: z.infer<typeof Page> = Page.parse(await asker.ask(new Call('order.list', { playerId, limit: pageRows, ...from })));
    orders.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return orders;
}
