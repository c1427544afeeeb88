import { expect, test } from 'vitest';
import { routeCall } from './http-route.ts';

test.each([
  ['GET /players/:id', { id: 42n }, { method: 'GET', path: '/players/42', headers: {}, body: undefined }],
  ['GET /players', {}, { method: 'GET', path: '/players', headers: {}, body: undefined }],
  ['GET /players', undefined, { method: 'GET', path: '/players', headers: {}, body: undefined }],
  [
    'GET /players/:playerId/orders',
    { playerId: '7', state: 'paid', limit: 5, from: new Date(0), cursor: 'a+b/c=', to: undefined },
    { method: 'GET', path: '/players/7/orders?state=paid&limit=5&from=1970-01-01T00%3A00%3A00.000Z&cursor=a%2Bb%2Fc%3D', headers: {}, body: undefined },
  ],
  ['DELETE /players/:id', { id: '7', expectedVersion: 3 }, { method: 'DELETE', path: '/players/7', headers: { 'if-match': '"3"' }, body: undefined }],
  [
    'PATCH /players/:id',
    { id: '7', name: 'Freya', expectedVersion: 3 },
    { method: 'PATCH', path: '/players/7', headers: { 'if-match': '"3"', 'content-type': 'application/json' }, body: '{"name":"Freya"}' },
  ],
  [
    'POST /players/:playerId/wallet/credit',
    { playerId: '7', amount: 9_007_199_254_740_993n, idempotencyKey: 'key-4711' },
    {
      method: 'POST',
      path: '/players/7/wallet/credit',
      headers: { 'idempotency-key': 'key-4711', 'content-type': 'application/json' },
      body: '{"amount":"9007199254740993"}',
    },
  ],
  ['GET /items/:name', { name: 'a/b?c#d ü' }, { method: 'GET', path: '/items/a%2Fb%3Fc%23d%20%C3%BC', headers: {}, body: undefined }],
])('%s with %o', (http, input, expected) => {
  expect(routeCall(http, input)).toEqual(expected);
});

test.each([{}, { id: '' }, { id: null }, { id: { nested: true } }, null])('a missing path parameter is refused: %j', (input) => {
  expect(() => routeCall('GET /players/:id', input)).toThrow(expect.objectContaining({ code: 'ERR_CLIENT_ARGUMENT' }));
});

test('the input is left as it was', () => {
  const input = { id: '7', name: 'Freya' };
  routeCall('PATCH /players/:id', input);
  expect(input).toEqual({ id: '7', name: 'Freya' });
});
