import { expect, test } from 'vitest';
import { envNameOf, formatPath, valueAt } from './path.ts';

test.each([
  [['server', 'tcp', 'maxFrameBytes'], 'M_SERVER_TCP_MAX_FRAME_BYTES'],
  [['games', 'restart-life', 'enabled'], 'M_GAMES_RESTART_LIFE_ENABLED'],
  [['auth', 'jwksURLPath'], 'M_AUTH_JWKS_URL_PATH'],
  [['l2Url'], 'M_L2_URL'],
])('%j is set by %s', (path, name) => {
  expect(envNameOf(path, 'M')).toBe(name);
});

test.each([
  [[], '(root)'],
  [['games', 'restart-life', 'hosts', 0, 'x'], "games['restart-life'].hosts[0].x"],
  [['restart-life'], "['restart-life']"],
  [["a'b"], String.raw`['a\'b']`],
])('%j is written %s', (path, text) => {
  expect(formatPath(path)).toBe(text);
});

test('only own values are found', () => {
  expect(valueAt({ a: [{ b: 1 }] }, ['a', 0, 'b'])).toBe(1);
  for (const path of [['constructor'], ['a', 'length', 'x'], ['a', 1], ['b', 'c']]) expect(valueAt({ a: [] }, path)).toBeUndefined();
});
