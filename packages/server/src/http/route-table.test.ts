import { expect, test } from 'vitest';
import { parseRoute, RouteTable } from './route-table.ts';

const table = new RouteTable<string>();
for (const definition of [
  'GET /players/:id',
  'PATCH /players/:key',
  'GET /players/top',
  'GET /players/:id/items',
  'POST /players/:playerId/items/grant',
  'GET /:kind/all',
]) {
  table.add(parseRoute(definition), definition);
}

test.each([
  ['GET', '/players/7', 'GET /players/:id', { id: '7' }],
  ['HEAD', '/players/7', 'GET /players/:id', { id: '7' }],
  ['PATCH', '/players/7', 'PATCH /players/:key', { key: '7' }],
  ['GET', '/players/top', 'GET /players/top', {}],
  ['GET', '/players/top/items', 'GET /players/:id/items', { id: 'top' }],
  ['GET', '/guilds/all', 'GET /:kind/all', { kind: 'guilds' }],
  ['GET', '/players/a%20b', 'GET /players/:id', { id: 'a b' }],
  ['GET', '/players/a%2Fb', 'GET /players/:id', { id: 'a/b' }],
  ['POST', '/players/1/items/grant', 'POST /players/:playerId/items/grant', { playerId: '1' }],
])('%s %s finds %s', (method, path, target, parameters) => {
  expect(table.find(method, path)).toEqual({ target, parameters });
});

test.each([
  ['GET', '', []],
  ['GET', '/', []],
  ['GET', '/players', []],
  ['GET', '/players/', []],
  ['GET', '/players//items', []],
  ['GET', '/players/1/items/grant/x', []],
  ['DELETE', '/players/1', ['GET', 'PATCH', 'HEAD']],
  ['GET', '/players/1/items/grant', ['POST']],
  ['PATCH', '/players/top', ['GET', 'HEAD']],
])('%s %j finds nothing', (method, path, allow) => {
  expect(table.find(method, path)).toEqual({ target: null, allow });
});

test('a route that is taken is refused, whatever its parameters are called', () => {
  expect(() => table.add(parseRoute('GET /players/:other'), 'x')).toThrow(expect.objectContaining({ code: 'ERR_SERVER_ROUTE' }));
});

test.each(['GET players', 'get /players', 'GET  /players', 'GET /players/:', 'GET /players/:id/:id', 'GET /pl ayers', 'TRACE /x', 'GET /a/', 'GET /%41', ''])(
  '%j is no route',
  (definition) => {
    expect(() => parseRoute(definition)).toThrow(expect.objectContaining({ code: 'ERR_SERVER_ROUTE' }));
  },
);
