import { z } from 'zod';
import type { Story } from './story.ts';

const Tokens = z.looseObject({ accessToken: z.string(), refreshToken: z.string() });
const nobody = '999';
const most = (2n ** 63n - 1n).toString();
const password = 'correct horse battery';

/** Those who take part in the chapters after the first. */
export interface Cast {
  readonly astrid: string;
  readonly bjorn: string;
  readonly deleted: string;
}

/** Players come, change and go; lists of them by everything that they can be listed by. */
export async function players(story: Story): Promise<Cast> {
  const { via } = story;
  const attributes = { hair: 'rød 🐉', empty: '', scars: [1, -0.5, { deep: null }], [`k${via}`]: true };
  const astrid = await story.idOf('player.create', { name: `Astrid ${via}`, externalId: `ext-${via}`, attributes, password });
  story.later();
  const bjorn = await story.idOf('player.create', { name: `Bjørn 🪓 ${via}`, attributes: {} });
  const deleted = await story.idOf('player.create', { name: `Çelik ${via}`, password });
  for (const name of ['a%b', 'a_b', "a'b", 'a\\b', 'A B', 'ab']) await story.ask('player.create', { name: `${name} ${via}` });
  await story.refused('alreadyExists', 'player.create', { name: 'Other', externalId: `ext-${via}` });
  await story.refused('alreadyExists', 'player.create', { name: `Astrid ${via}`, password });
  await story.refused('invalidInput', 'player.create', { name: '' });
  await story.refused('invalidInput', 'player.create', { name: 'Nul\u0000', colour: 'red' });
  story.later();
  await story.ask('player.get', { id: astrid });
  await story.refused('notFound', 'player.get', { id: nobody });
  await story.refused('invalidInput', 'player.get', { id: 'x1' });
  await story.ask('player.update', { id: bjorn, level: 7, experience: most, attributes: { note: '' } });
  await story.ask('player.update', { id: astrid, level: 3, expectedVersion: 1 });
  await story.refused('versionConflict', 'player.update', { id: astrid, level: 4, expectedVersion: 1 });
  await story.refused('notFound', 'player.update', { id: nobody, level: 4 });
  await story.refused('invalidInput', 'player.update', { id: astrid, level: -1 });
  await story.ask('player.get', { id: astrid });
  story.later();
  await story.ask('player.delete', { id: deleted, expectedVersion: 1 });
  await story.refused('invalidTransition', 'player.delete', { id: deleted });
  await story.refused('notFound', 'player.delete', { id: nobody });
  await story.ask('player.get', { id: deleted });
  for (const sort of ['id', 'level', 'createdAt']) await story.pages('player.list', { sort }, 3);
  await story.pages('player.list', { name: 'a%' }, 2);
  await story.pages('player.list', { name: 'a', minLevel: 1 }, 1);
  await story.pages('player.list', { status: 'deleted' }, 1);
  await story.refused('invalidInput', 'player.list', { limit: 0 });
  return { astrid, bjorn, deleted };
}

/** Log-ins: right and wrong ones, tokens that are traded, used twice and given up. */
export async function logins(story: Story, { astrid, deleted }: Cast): Promise<string> {
  const name = `Astrid ${story.via}`;
  await story.refused('credentialInvalid', 'auth.login', { name, password: 'wrong horse' });
  await story.refused('credentialInvalid', 'auth.login', { name: `Çelik ${story.via}`, password });
  const first = Tokens.parse(await story.ask('auth.login', { name, password }));
  story.later();
  await story.ask('auth.verify', { accessToken: first.accessToken });
  await story.refused('credentialInvalid', 'auth.verify', { accessToken: 'nonsense' });
  const second = Tokens.parse(await story.ask('auth.refresh', { refreshToken: first.refreshToken }));
  await story.refused('credentialInvalid', 'auth.refresh', { refreshToken: first.refreshToken });
  await story.refused('credentialInvalid', 'auth.refresh', { refreshToken: second.refreshToken });
  const third = Tokens.parse(await story.ask('auth.login', { name, password }));
  await story.ask('auth.logout', { refreshToken: third.refreshToken });
  await story.refused('invalidInput', 'auth.logout', { refreshToken: '' });
  await story.refused('credentialInvalid', 'auth.refresh', { refreshToken: third.refreshToken });
  await story.ask('player.update', { id: astrid, status: 'banned' });
  await story.refused('notPermitted', 'auth.login', { name, password });
  await story.ask('player.update', { id: astrid, status: 'active' });
  await story.refused('invalidTransition', 'player.update', { id: deleted, level: 2 });
  return Tokens.parse(await story.ask('auth.login', { name, password })).accessToken;
}

/** Characters, and the experience that they gain. */
export async function characters(story: Story, { astrid, deleted }: Cast): Promise<void> {
  const id = await story.idOf('character.create', { playerId: astrid, name: 'Valkyrie', class: 'warrior', attributes: { order: 'by', level: null } });
  const other = await story.idOf('character.create', { playerId: astrid, name: 'Seer', class: 'mage' });
  await story.ask('character.create', { playerId: astrid, name: 'Third', class: 'mage' });
  await story.refused('notFound', 'character.create', { playerId: nobody, name: 'Nobody', class: 'mage' });
  await story.refused('invalidTransition', 'character.create', { playerId: deleted, name: 'Nobody', class: 'mage' });
  story.later();
  await story.ask('character.get', { id });
  await story.ask('character.update', { id, equipment: { head: 'helm', hands: ['axe', 'axe'] }, expectedVersion: 1 });
  await story.refused('versionConflict', 'character.update', { id, name: 'Late', expectedVersion: 1 });
  await story.ask('character.get', { id });
  await story.twice('character.gainExperience', { id, amount: 250, reason: 'quest' });
  await story.ask('character.gainExperience', { id, amount: 10_000_000, reason: 'quest', ...story.key() });
  await story.refused('notFound', 'character.gainExperience', { id: nobody, amount: 1, reason: 'quest', ...story.key() });
  await story.refused('invalidInput', 'character.gainExperience', { id, amount: most, reason: 'quest', ...story.key() });
  story.later();
  await story.pages('character.list', { playerId: astrid }, 2);
  await story.ask('character.delete', { id: other });
  await story.refused('notFound', 'character.get', { id: other });
  await story.refused('notFound', 'character.delete', { id: other });
  await story.pages('character.list', { playerId: astrid }, 2);
  await story.refused('notFound', 'character.list', { playerId: nobody });
}

/** Things: given, used, handed over and swapped. */
export async function items(story: Story, { astrid, bjorn, deleted }: Cast): Promise<void> {
  await story.twice('item.grant', { ...stack(astrid, 'sword', 2), attributes: { glow: '' } });
  for (const itemType of ['potion', 'arrow', 'order']) await story.ask('item.grant', { ...stack(astrid, itemType, 50), ...story.key() });
  await story.ask('item.grant', { ...stack(bjorn, 'rune', most), ...story.key() });
  await story.refused('invalidInput', 'item.grant', { ...stack(bjorn, 'rune', 1), ...story.key() });
  await story.refused('invalidTransition', 'item.grant', { ...stack(deleted, 'sword', 1), ...story.key() });
  await story.refused('notFound', 'item.grant', { ...stack(nobody, 'sword', 1), ...story.key() });
  story.later();
  await story.twice('item.consume', stack(astrid, 'potion', 20));
  await story.refused('insufficient', 'item.consume', { ...stack(astrid, 'potion', 31), ...story.key() });
  await story.refused('insufficient', 'item.consume', { ...stack(astrid, 'unknown', 1), ...story.key() });
  await story.ask('item.consume', { ...stack(astrid, 'potion', 30), ...story.key() });
  await story.twice('item.transfer', { ...stack(astrid, 'arrow', 7), toPlayerId: bjorn });
  await story.refused('insufficient', 'item.transfer', { ...stack(astrid, 'arrow', 44), toPlayerId: bjorn, ...story.key() });
  await story.refused('invalidInput', 'item.transfer', { ...stack(astrid, 'arrow', 1), toPlayerId: astrid, ...story.key() });
  story.later();
  await story.pages('item.list', { playerId: astrid }, 2);
  await story.pages('item.list', { playerId: bjorn }, 1);
}

/** Money, its ledger, and trades of money against things. */
export async function wallets(story: Story, { astrid, bjorn, deleted }: Cast): Promise<void> {
  await story.ask('wallet.get', { playerId: bjorn });
  await story.twice('wallet.credit', gold(astrid, 1000));
  await story.ask('wallet.credit', { ...gold(bjorn, most), currency: 'gem', ...story.key() });
  await story.refused('invalidInput', 'wallet.credit', { ...gold(bjorn, 1), currency: 'gem', ...story.key() });
  await story.refused('invalidInput', 'wallet.credit', gold(bjorn, 1));
  await story.refused('invalidTransition', 'wallet.credit', { ...gold(deleted, 1), ...story.key() });
  story.later();
  await story.twice('wallet.debit', gold(astrid, 300));
  await story.refused('insufficient', 'wallet.debit', { ...gold(astrid, 701), ...story.key() });
  await story.refused('insufficient', 'wallet.debit', { ...gold(astrid, 1), currency: 'gem', ...story.key() });
  story.later();
  const first = { playerId: astrid, items: [{ itemType: 'sword', quantity: 1 }], money: [{ currency: 'gold', amount: 50 }] };
  const second = { playerId: bjorn, items: [{ itemType: 'rune', quantity: 9 }], money: [{ currency: 'gem', amount: most }] };
  const keyed = { first, second, ...story.key() };
  await story.ask('trade.execute', keyed);
  await story.ask('trade.execute', keyed);
  await story.refused('invalidInput', 'trade.execute', { first, second, ...story.key() });
  await story.refused('insufficient', 'trade.execute', { first, second: { ...second, items: [], money: [{ currency: 'silver', amount: 1 }] }, ...story.key() });
  await story.refused('invalidInput', 'trade.execute', { first, second: { playerId: astrid }, ...story.key() });
  for (const playerId of [astrid, bjorn]) {
    await story.ask('wallet.get', { playerId });
    await story.pages('wallet.history', { playerId }, 2);
    await story.pages('item.list', { playerId }, 50);
  }
  await story.pages('wallet.history', { playerId: astrid, currency: 'gem' }, 2);
  await story.refused('notFound', 'wallet.get', { playerId: nobody });
}

/** Orders through all their states, and what is noted of them behind the answer. */
export async function orders(story: Story, { astrid, deleted }: Cast): Promise<string> {
  const order = { playerId: astrid, product: 'Sæson pass 🎫', quantity: 1, currency: 'eur', amount: 999 };
  const { id } = z.looseObject({ id: z.string() }).parse(await story.twice('order.create', { ...order, metadata: { empty: '', nested: [[null]] } }));
  const since = story.time();
  story.later();
  const refundable = await story.idOf('order.create', { ...order, amount: 0, channel: 'shop', ...story.key() });
  await story.ask('order.create', { ...order, amount: most, ...story.key() });
  await story.refused('invalidTransition', 'order.create', { ...order, playerId: deleted, ...story.key() });
  await story.refused('invalidTransition', 'order.deliver', { id, ...story.key() });
  const payment = { id, transactionId: `t-${story.via}`, ...story.key() };
  await story.ask('order.pay', payment);
  await story.ask('order.pay', payment);
  await story.refused('invalidTransition', 'order.pay', { ...payment, ...story.key() });
  await story.ask('order.deliver', { id, ...story.key() });
  await story.refused('invalidTransition', 'order.refund', { id, reason: 'late', ...story.key() });
  await story.ask('order.pay', { id: refundable, transactionId: `u-${story.via}`, ...story.key() });
  await story.twice('order.refund', { id: refundable, reason: 'regret' });
  await story.ask('order.get', { id: refundable });
  await story.refused('notFound', 'order.get', { id: nobody });
  story.later();
  await story.pages('order.list', { playerId: astrid }, 1);
  await story.pages('order.list', { playerId: astrid, state: 'created' }, 1);
  await story.pages('order.list', { playerId: astrid, from: since, to: story.time(-1) }, 2);
  await story.pages('order.list', { playerId: astrid, to: since }, 2);
  for (const kind of ['packed', 'sent', 'arrived']) await story.ask('orderEvent.record', { id, kind, data: { kind, by: null }, ...story.key() });
  const lost = { id, kind: 'lost', ...story.key() };
  await story.ask('orderEvent.record', lost);
  await story.ask('orderEvent.record', lost);
  await story.refused('notFound', 'orderEvent.record', { id: nobody, kind: 'sent', ...story.key() });
  await story.pages('orderEvent.list', { id }, 3);
  return id;
}

/** Seasons with their rankings, and counters. */
export async function seasons(story: Story, { astrid, bjorn, deleted }: Cast): Promise<void> {
  const open = { name: 'Wintér', startsAt: story.time(), endsAt: story.time(86_400_000) };
  const id = await story.idOf('season.open', open);
  const future = await story.idOf('season.open', { ...open, startsAt: '2025-12-31T23:30:00+05:30', endsAt: '2026-03-29T02:30:00.001Z', ...story.key() });
  await story.refused('invalidInput', 'season.open', { ...open, endsAt: open.startsAt });
  await story.ask('season.get', { id });
  await story.ask('season.get', { id: future });
  await story.refused('notFound', 'season.get', { id: nobody });
  const cnut = await story.idOf('player.create', { name: 'Cnut' });
  for (const [playerId, points] of [
    [astrid, 10],
    [bjorn, 30],
    [cnut, 10],
    [astrid, 5],
    [cnut, 5],
  ] as const)
    await story.ask('season.score', { id, playerId, points, ...story.key() });
  await story.twice('season.score', { id, playerId: bjorn, points: 1 });
  await story.refused('invalidTransition', 'season.score', { id: future, playerId: bjorn, points: 1, ...story.key() });
  await story.refused('invalidTransition', 'season.score', { id, playerId: deleted, points: 1, ...story.key() });
  await story.refused('invalidInput', 'season.score', { id, playerId: bjorn, points: most, ...story.key() });
  await story.pages('season.ranking', { id }, 2);
  await story.ask('season.place', { id, playerId: cnut });
  await story.refused('notFound', 'season.place', { id: future, playerId: cnut });
  await story.ask('counter.add', { playerId: astrid, name: 'kills', amount: 2 });
  const walked = { playerId: astrid, name: 'steps', amount: most, ...story.key() };
  await story.ask('counter.add', walked);
  await story.ask('counter.add', walked);
  await story.ask('counter.list', { playerId: astrid });
  await story.refused('notFound', 'counter.add', { playerId: nobody, name: 'kills', amount: 2 });
  await story.refused('notFound', 'counter.list', { playerId: nobody });
}

function stack(playerId: string, itemType: string, quantity: number | string) {
  return { playerId, itemType, quantity, reason: 'quest' };
}

function gold(playerId: string, amount: number | string) {
  return { playerId, currency: 'gold', amount, reason: 'sale' };
}
