import { expect, test } from 'vitest';
import { compareOrders } from '../order-check.ts';
import { DONE, LOST } from './link.ts';
import type { BookedOrder } from './order-book.ts';
import { OrderFlow } from './order-flow.ts';

const booked = (tag: string, id: string | undefined, done: number): BookedOrder => ({ tag, playerId: '42', id, done });
const found = (tag: string, id: string, state: string) => ({ id, state, metadata: { bench: 'r', tag } });
const created = (): unknown => ({ id: '7' });

function flowWithBook(): { readonly flow: OrderFlow; readonly book: BookedOrder[] } {
  const book: BookedOrder[] = [];
  return { flow: new OrderFlow({ run: 'r', name: '0-0', playerId: '42', book }), book };
}

test('an order goes from its creation to its delivery, and the next one begins', () => {
  const { flow, book } = flowWithBook();
  const names = Array.from({ length: 4 }, () => {
    const { name } = flow.next();
    flow.answered(DONE, created);
    return name;
  });
  expect(names).toEqual(['order.create', 'order.pay', 'order.deliver', 'order.create']);
  expect(book).toEqual([
    { tag: '0-0-1', playerId: '42', id: '7', done: 3 },
    { tag: '0-0-2', playerId: '42', id: '7', done: 1 },
  ]);
});

test('a step whose end nobody knows is asked for again with the same key, one that is refused is given up', () => {
  const { flow, book } = flowWithBook();
  const first = flow.next();
  for (const outcome of [LOST, 1005, 1001, 3005, 2010]) {
    flow.answered(outcome, created);
    expect(flow.next()).toBe(first);
  }
  expect(first.http.headers).toEqual({ 'Idempotency-Key': 'r-0-0-1-create' });
  flow.answered(3004, created);
  expect(flow.next()).not.toBe(first);
  expect(book.map(({ tag, done }) => [tag, done])).toEqual([
    ['0-0-1', 0],
    ['0-0-2', 0],
  ]);
});

test('an order that is not there, or behind what was acknowledged, is lost; a second one of the same is doubled', () => {
  const book = [booked('kept', '1', 2), booked('ahead', '2', 1), booked('behind', '3', 3), booked('gone', '4', 1), booked('unanswered', undefined, 0)];
  const there = [found('kept', '1', 'paid'), found('ahead', '2', 'delivered'), found('behind', '3', 'paid'), found('unanswered', '5', 'created')];
  expect(compareOrders(book, there)).toEqual({ acknowledged: 4, found: 4, lost: 2, doubled: 0 });
  expect(compareOrders(book, [...there, found('kept', '9', 'created')])).toMatchObject({ found: 5, lost: 2, doubled: 1 });
});
