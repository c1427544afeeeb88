import type { ExecuteRequest } from '@midgard/game-kit';
import { playerCaller, service } from '@midgard/game-kit/testing';
import { realm } from '@midgard/game-realm';
import { Registry } from '@midgard/metrics';
import { expect, test } from 'vitest';
import { activePlayers } from './active-players.ts';

function request(name: string, input: unknown, playerId: bigint | null = null): ExecuteRequest {
  const operation = realm.operations.find((each) => each.name === name);
  if (operation === undefined) throw new Error(`no ${name}`);
  return { operation, input, caller: playerId === null ? service : playerCaller(playerId) };
}

test('a player counts once, in whatever form and by whomever it is named', () => {
  const registry = new Registry();
  const seen = activePlayers(registry)('realm');
  seen(request('player.get', { id: '42' }));
  seen(request('player.get', { id: 42 }));
  seen(request('wallet.get', { playerId: 42n }));
  seen(request('player.list', { limit: 5 }, 42n));
  expect(registry.expose()).toContain('midgard_active_players{game="realm"} 1\n');
  seen(request('item.list', { playerId: '43' }));
  expect(registry.expose()).toContain('midgard_daily_active_players{game="realm"} 2\n');
});

test('what is not about a player counts none', () => {
  const registry = new Registry();
  const seen = activePlayers(registry)('realm');
  for (const input of [{ id: '7' }, {}, null, 'x', { playerId: {} }]) seen(request('order.get', input));
  seen(request('player.list', { limit: 5 }));
  expect(registry.expose()).toContain('midgard_active_players{game="realm"} 0\n');
});
