import { openGame } from '@midgard/game-kit/testing';
import { realm } from '@midgard/game-realm';
import { Registry } from '@midgard/metrics';
import { expect, onTestFinished, test } from 'vitest';
import { businessMetrics } from './business-metrics.ts';

async function shop() {
  const registry = new Registry();
  const game = await openGame(realm, { listener: businessMetrics(registry)('realm') });
  onTestFinished(() => game[Symbol.asyncDispose]());
  const call = async (name: string, input: object): Promise<Record<string, unknown>> =>
    Object.fromEntries(Object.entries((await game.call(name, input)) ?? {}));
  const player = await call('player.create', { name: 'Astrid' });
  const order = (key: string) =>
    call('order.create', { playerId: player['id'], product: 'gems', quantity: '1', currency: 'eur', amount: '499', idempotencyKey: `create-${key}` });
  return { registry, call, order };
}

test('orders count by the state that they came to, and money once it was paid or given back', async () => {
  const { registry, call, order } = await shop();
  const [first, second] = [await order('0001'), await order('0002')];
  for (const { id } of [first, second]) await call('order.pay', { id, transactionId: `t-${String(id)}`, idempotencyKey: `pay-${String(id)}` });
  await call('order.deliver', { id: first['id'], idempotencyKey: 'deliver-1' });
  await call('order.refund', { id: second['id'], reason: 'regret', idempotencyKey: 'refund-1' });
  const page = registry.expose();
  for (const [state, count] of Object.entries({ created: 2, paid: 2, delivered: 1, refunded: 1 }))
    expect(page).toContain(`midgard_orders_total{game="realm",state="${state}"} ${count}\n`);
  expect(page).toContain('midgard_revenue_total{game="realm",currency="eur"} 998\n');
  expect(page).toContain('midgard_refunds_total{game="realm",currency="eur"} 499\n');
});

test('a repeated idempotency key counts nothing, and neither does what is refused', async () => {
  const { registry, call, order } = await shop();
  const { id } = await order('0001');
  await order('0001');
  const pay = { id, transactionId: 't-1', idempotencyKey: 'pay-0001' };
  await call('order.pay', pay);
  await call('order.pay', pay);
  await expect(call('order.pay', { ...pay, idempotencyKey: 'pay-0002' })).rejects.toMatchObject({ code: 2008 });
  const page = registry.expose();
  expect(page).toContain('midgard_orders_total{game="realm",state="created"} 1\n');
  expect(page).toContain('midgard_orders_total{game="realm",state="paid"} 1\n');
  expect(page).toContain('midgard_revenue_total{game="realm",currency="eur"} 499\n');
});
