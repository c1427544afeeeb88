import { expect, test } from 'vitest';
import { type EventClient, type EventHarness, type EventSetup, settled, startEvents } from '../testing/event-clients.ts';

/** What holds whatever a client speaks. */
const ways: readonly (readonly [
  string,
  (harness: EventHarness, key: string) => Promise<EventClient>,
  { readonly slow: number; readonly expired: number; readonly revoked: number },
])[] = [
  ['TCP', (harness, key) => harness.openTcp(key), { slow: 1007, expired: 3002, revoked: 3003 }],
  ['WebSocket', (harness, key) => harness.openWebSocket(key), { slow: 4007, expired: 4302, revoked: 4303 }],
];
const order = (id: string, playerId: string, state = 'paid') => ({ id, playerId, state });
const idsOf = ({ heard }: EventClient): unknown[] => heard.map(({ id }) => id);

test.each(ways)('over %s a subscriber hears of its topics, in order, each event once however many topics it has, and of nothing else', async (_, open) => {
  await using harness = await startEvents();
  const client = await open(harness, 'server');
  harness.events.commit('order.create', order('1', '42', 'created'));
  expect(await client.call('subscribe', { game: 'fake', topics: ['player:42', 'orders', 'order:1'] })).toEqual({
    ok: { subscribed: ['player:42', 'orders', 'order:1'], lastEventId: '1' },
  });
  harness.events.commit('order.pay', order('1', '42'));
  harness.events.commit('wallet.credit', { entryId: '9', playerId: '43', amount: '5' });
  harness.events.commit('wallet.credit', { entryId: '10', playerId: '42', amount: '5' });
  harness.events.commit('order.pay', order('2', '43'));
  await settled(() => client.heard.length >= 3);
  expect(client.heard).toMatchObject([
    { id: '2', event: 'order.pay', topics: ['player:42', 'orders', 'order:1', 'game'], at: '2023-11-14T22:13:20.000Z', data: order('1', '42') },
    { id: '4', event: 'wallet.credit', topics: ['player:42', 'game'] },
    { id: '5', topics: ['player:43', 'orders', 'order:2', 'game'] },
  ]);
});

test.each(ways)('over %s nothing comes of a topic that was unsubscribed from, and a game that nobody listens to is not followed', async (_, open) => {
  await using harness = await startEvents();
  const client = await open(harness, 'server');
  await client.call('subscribe', { game: 7, topics: ['orders', 'player:42'] });
  expect(harness.events.followers).toBe(1);
  expect(await client.call('unsubscribe', { game: 'fake', topics: ['orders', 'player:7'] })).toEqual({ ok: { subscribed: ['player:42'] } });
  harness.events.commit('order.pay', order('1', '43'));
  harness.events.commit('order.pay', order('2', '42'));
  await settled(() => client.heard.length >= 1);
  expect(idsOf(client)).toEqual(['2']);
  expect(await client.call('unsubscribe', { game: 'fake', topics: ['player:42'] })).toEqual({ ok: { subscribed: [] } });
  expect(harness.events.followers).toBe(0);
});

test.each(ways)('over %s a connection that closes gives up its topics', async (_, open) => {
  await using harness = await startEvents();
  const client = await open(harness, 'server');
  await client.call('subscribe', { game: 'fake', topics: ['game'] });
  client.close();
  await settled(() => harness.events.followers === 0);
});

const refused: readonly (readonly [string, string, object, number])[] = [
  ['a topic of a player without the permission to read players', 'nobody', { game: 'fake', topics: ['player:42'] }, 3004],
  ['orders without the permission', 'nobody', { game: 'fake', topics: ['orders'] }, 3004],
  ['a game that the key is not for', 'elsewhere', { game: 'fake', topics: ['orders'] }, 3004],
  ['orders with a key for other operations', 'scoped', { game: 'fake', topics: ['orders'] }, 3004],
  ['an order with a key for other operations', 'scoped', { game: 'fake', topics: ['order:1'] }, 3004],
  ['another player with a player token', 'player42', { game: 'fake', topics: ['player:43'] }, 3004],
  ['all orders with a player token', 'player42', { game: 'fake', topics: ['orders'] }, 3004],
  ['everything with a player token', 'player42', { game: 'fake', topics: ['game'] }, 3004],
  ['what is not there', 'server', { game: 'fake', topics: ['player:404'] }, 2002],
  ['a game that is not there', 'server', { game: 'none', topics: ['game'] }, 2003],
  ['a topic that is none', 'server', { game: 'fake', topics: ['player:*'] }, 2001],
  ['no topic', 'server', { game: 'fake', topics: [] }, 2001],
  ['an id that is none', 'server', { game: 'fake', topics: ['game'], after: '-1' }, 2001],
  ['more topics than one client may have', 'server', { game: 'fake', topics: Array.from({ length: 5 }, (_, at) => `player:${at + 1}`) }, 2001],
  ['figures without the right of an operator', 'viewer', { game: 'midgard', topics: ['metrics'] }, 3004],
  ['figures with a key for some games', 'elsewhere', { game: 'midgard', topics: ['metrics'] }, 3004],
];

test.each(ways.flatMap(([name, open]) => refused.map((each) => [name, ...each, open] as const)))(
  'over %s %s is refused',
  async (_way, _what, key, input, code, open) => {
    await using harness = await startEvents({ hub: { maxTopicsPerClient: 4, figures: () => ({ a: 1 }) } });
    const client = await open(harness, key);
    expect(await client.call('subscribe', input)).toEqual({ error: code });
    expect(harness.events.followers).toBe(0);
  },
);

test.each(ways)("over %s a player hears of that player's own, and of nothing that shows another's", async (_, open) => {
  await using harness = await startEvents();
  const [player, server] = [await open(harness, 'player42'), await open(harness, 'server')];
  for (const client of [player, server]) expect(await client.call('subscribe', { game: 'fake', topics: ['player:42'] })).toMatchObject({ ok: {} });
  harness.events.commit('item.transfer', { from: { playerId: '42', quantity: '1' }, to: { playerId: '43', quantity: '900' } });
  harness.events.commit('item.grant', { playerId: '42', quantity: '2' });
  await settled(() => server.heard.length >= 2 && player.heard.length >= 1);
  expect([idsOf(player), idsOf(server)]).toEqual([['2'], ['1', '2']]);
});

test.each(ways)('over %s an event of what the caller may not read stays untold in a topic that the caller may hear', async (_, open) => {
  await using harness = await startEvents();
  const client = await open(harness, 'scoped');
  expect(await client.call('subscribe', { game: 'fake', topics: ['player:42'] })).toMatchObject({ ok: {} });
  harness.events.commit('wallet.credit', { playerId: '42', balance: '1000' });
  harness.events.commit('player.update', { id: '42' });
  await settled(() => client.heard.length >= 1);
  expect(idsOf(client)).toEqual(['2']);
});

test.each(ways)('over %s who comes back with the last id gets what was missed, and is told where that is not kept', async (_, open) => {
  await using harness = await startEvents({ hub: { keep: 4 } });
  for (let at = 1; at <= 10; at += 1) harness.events.commit('order.pay', order(String(at), '42'));
  const resume = async (after: string) => {
    const client = await open(harness, 'server');
    const answer = await client.call('subscribe', { game: 'fake', topics: ['orders'], after });
    await settled(() => true);
    const again = await client.call('subscribe', { game: 'fake', topics: ['orders'], after });
    client.close();
    return { answer, ids: idsOf(client), again };
  };
  expect(await resume('8')).toEqual({ answer: { ok: { subscribed: ['orders'], lastEventId: '8' } }, ids: ['9', '10'], again: { error: 2001 } });
  expect(await resume('10')).toMatchObject({ answer: { ok: { lastEventId: '10' } }, ids: [] });
  expect(await resume('6')).toMatchObject({ answer: { ok: { lastEventId: '6' } }, ids: ['7', '8', '9', '10'] });
  expect(await resume('5')).toMatchObject({ answer: { ok: { lastEventId: '6', gap: true } }, ids: ['7', '8', '9', '10'] });
  // Of another database, or of one before its last backup.
  expect(await resume('11')).toMatchObject({ answer: { ok: { gap: true } }, ids: ['7', '8', '9', '10'] });
});

test.each(ways)('over %s who comes back with an id of another instance, which this one has not read yet, gets nothing twice', async (_, open) => {
  await using harness = await startEvents();
  const stayed = await open(harness, 'server');
  await stayed.call('subscribe', { game: 'fake', topics: ['orders'] });
  for (const at of ['1', '2']) harness.events.commit('order.pay', order(at, '42'));
  for (const at of ['3', '4']) harness.events.commitElsewhere('order.pay', order(at, '42'));
  const came = await open(harness, 'server');
  const answer = await came.call('subscribe', { game: 'fake', topics: ['orders'], after: '3' });
  expect(answer).toEqual({ ok: { subscribed: ['orders'], lastEventId: '3' } });
  harness.events.commit('order.pay', order('5', '42'));
  await settled(() => idsOf(stayed).length >= 5 && idsOf(came).length >= 2);
  expect([idsOf(stayed), idsOf(came)]).toEqual([
    ['1', '2', '3', '4', '5'],
    ['4', '5'],
  ]);
});

test.each(ways)('over %s a client that does not read costs no memory, hears of the gap when it reads again, and goes on', async (_, open) => {
  await using harness = await startEvents({ hub: { keep: 8, maxUnsentBytes: 64 * 1024 } });
  const client = await open(harness, 'server');
  await client.call('subscribe', { game: 'fake', topics: ['orders'] });
  client.pause();
  const filler = 'x'.repeat(64 * 1024);
  for (let at = 1; at <= 400; at += 1) {
    harness.events.commit('order.pay', { ...order(String(at), '42'), filler });
    if (at % 20 === 0) await settled(() => true);
  }
  client.resume();
  await settled(() => {
    harness.time.advance(50);
    return idsOf(client).includes('400');
  });
  const gaps = client.heard.filter(({ after }) => after !== undefined);
  expect(gaps.length).toBeGreaterThan(0);
  let last = 0;
  for (const { id, after, next } of client.heard) {
    if (after === undefined) expect(Number(id)).toBe(last + 1);
    else expect(Number(after)).toBe(last);
    last = after === undefined ? Number(id) : Number(next) - 1;
  }
});

test.each(ways)('over %s a client that reads nothing for too long is closed with 1007', async (_, open, { slow }) => {
  await using harness = await startEvents({ hub: { keep: 8, maxUnsentBytes: 64 * 1024, slowConsumerMs: 5000 } });
  const client = await open(harness, 'server');
  await client.call('subscribe', { game: 'fake', topics: ['orders'] });
  client.pause();
  const filler = 'x'.repeat(512 * 1024);
  for (let at = 1; at <= 40; at += 1) harness.events.commit('order.pay', { ...order(String(at), '42'), filler });
  await settled(() => true);
  harness.time.advance(5100);
  await settled(() => harness.events.followers === 0);
  client.resume();
  expect(await client.ended).toBe(slow);
});

test.each(ways)('over %s a token that runs out hears nothing more and is told so', async (_, open, { expired }) => {
  await using harness = await startEvents();
  const client = await open(harness, 'expiring');
  await client.call('subscribe', { game: 'fake', topics: ['orders'] });
  harness.time.advance(10_000);
  harness.events.commit('order.pay', order('1', '42'));
  await settled(() => client.heard.length === 1);
  harness.time.advance(10_000);
  harness.events.commit('order.pay', order('2', '42'));
  expect(await client.ended).toBe(expired);
  expect(idsOf(client)).toEqual(['1']);
});

test.each(ways)('over %s a revoked key hears nothing more, even before its connection is found and ended', async (_, open, { revoked }) => {
  let isRevoked = false;
  const setup: EventSetup = { revocations: { isRevoked: () => isRevoked } };
  await using harness = await startEvents(setup);
  const client = await open(harness, 'server');
  await client.call('subscribe', { game: 'fake', topics: ['orders'] });
  isRevoked = true;
  harness.events.commit('order.pay', order('1', '42'));
  expect(await client.ended).toBe(revoked);
  expect(client.heard).toEqual([]);
});

test.each(ways)('over %s operators hear the figures of the service again and again, and nobody samples them for nobody', async (_, open) => {
  let sampled = 0;
  await using harness = await startEvents({ hub: { figures: () => ({ sampled: (sampled += 1) }), figuresEveryMs: 1000 } });
  harness.time.advance(5000);
  const client = await open(harness, 'operator');
  expect(await client.call('subscribe', { game: 0, topics: ['metrics'] })).toEqual({ ok: { subscribed: ['metrics'] } });
  harness.time.advance(2000);
  await settled(() => client.heard.length === 2);
  expect(client.heard).toMatchObject([
    { event: 'metrics', topics: ['metrics'], data: { sampled: 1 } },
    { event: 'metrics', data: { sampled: 2 } },
  ]);
  await client.call('unsubscribe', { game: 0, topics: ['metrics'] });
  harness.time.advance(5000);
  expect(sampled).toBe(2);
});
