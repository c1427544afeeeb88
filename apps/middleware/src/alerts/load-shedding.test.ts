import { expect, test } from 'vitest';
import { LoadShedding } from './load-shedding.ts';

const callers = {
  player: { kind: 'player', roles: ['player'] },
  web: { kind: 'apiKey', roles: ['web'] },
  server: { kind: 'apiKey', roles: ['game-server'] },
  both: { kind: 'apiKey', roles: ['web', 'operator'] },
  stranger: { kind: 'service', roles: [] },
} as const;

test.each<[keyof typeof callers, 'read' | 'write', number, boolean]>([
  ['player', 'read', 0, true],
  ['player', 'read', 1, true],
  ['player', 'write', 0, false],
  ['player', 'write', 2, true],
  ['web', 'read', 0, true],
  ['web', 'write', 0, false],
  ['server', 'read', 0, false],
  ['server', 'write', 1, false],
  ['server', 'write', 2, true],
  ['both', 'read', 0, false],
  ['stranger', 'read', 0, false],
])('of a %s a %s with priority %i is shed: %s', (caller, kind, priority, isShed) => {
  expect(new LoadShedding().sheds({ kind }, callers[caller], priority)).toBe(isShed);
});
