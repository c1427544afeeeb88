import type { OpenGame } from '@midgard/game-kit/testing';
import { fieldOf } from './fake-game.ts';

/** Some rows of a game, for tests that hold two ways of reading them against each other. */
export interface LittleWorld {
  /** For each cached operation, what may be asked; also what is refused. */
  readonly asked: readonly [name: string, input: object][];
  /** Writes something, each round something else. */
  readonly change: (round: number) => Promise<void>;
}

const idOf = async (made: Promise<unknown>): Promise<string> => String(fieldOf(await made, 'id'));
const once = (name: string) => ({ idempotencyKey: `key-of-${name}`, reason: 'test' });

/** Settles players with what they have in an empty game: answers small and large. */
export async function settle(open: OpenGame): Promise<LittleWorld> {
  const players = [
    await idOf(open.call('player.create', { name: 'Mira' })),
    await idOf(open.call('player.create', { name: 'Ásgeir 🛡️', attributes: { tale: 'of the northern shore '.repeat(100) } })),
  ];
  const asked: [string, object][] = [];
  for (const [at, playerId] of players.entries()) {
    const character = await idOf(open.call('character.create', { playerId, name: `c${at}`, class: 'mage', attributes: { deeds: 'x'.repeat(900 * at) } }));
    await open.call('item.grant', { playerId, itemType: 'sword', quantity: 1, ...once(`grant-${at}`) });
    await open.call('wallet.credit', { playerId, currency: 'gold', amount: 100, ...once(`credit-${at}`) });
    const paid = { playerId, product: 'gems', quantity: 1, currency: 'gold', amount: '5', idempotencyKey: `order-of-${at}` };
    const order = await idOf(open.call('order.create', paid));
    asked.push(['player.get', { id: playerId }], ['character.get', { id: character }], ['character.list', { playerId }], ['item.list', { playerId }]);
    asked.push(['order.get', { id: order }], ['order.list', { playerId }], ['wallet.get', { playerId }], ['wallet.history', { playerId }]);
  }
  asked.push(['player.get', { id: '1' }], ['player.get', { id: 'x' }], ['player.get', {}], ['wallet.get', { playerId: players[0], extra: 1 }]);
  const change = async (round: number): Promise<void> => {
    const playerId = players[round % 2];
    await open.call('player.update', { id: playerId, level: round + 2 });
    await open.call('wallet.credit', { playerId, currency: 'gold', amount: 1, ...once(`round-${round}`) });
    if (round % 2 === 1) await open.call('item.grant', { playerId, itemType: 'shield', quantity: 1, ...once(`shield-${round}`) });
  };
  return { asked, change };
}
