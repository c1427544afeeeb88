import { expect, test } from 'vitest';
import { RedisAddress } from './redis-address.ts';

const parts = ({ kind, hosts, username, password, database, masterName, tls }: RedisAddress) => ({
  kind,
  hosts,
  username,
  password,
  database,
  masterName,
  isTls: tls !== undefined,
});
const plain = { username: undefined, password: undefined, database: 0, masterName: '', isTls: false };
const local = { host: 'localhost', port: 6379 };

test.each<readonly [string, Partial<ReturnType<typeof parts>>]>([
  ['redis://localhost', { kind: 'single', hosts: [local] }],
  ['redis://localhost:7000/3', { kind: 'single', hosts: [{ host: 'localhost', port: 7000 }], database: 3 }],
  ['rediss://app:p%40ss@localhost/', { kind: 'single', hosts: [local], username: 'app', password: 'p@ss', isTls: true }],
  ['redis://:secret@[::1]:6380', { kind: 'single', hosts: [{ host: '::1', port: 6380 }], password: 'secret' }],
  [
    'redis-cluster://a:1,b,[::1]:3',
    {
      kind: 'cluster',
      hosts: [
        { host: 'a', port: 1 },
        { host: 'b', port: 6379 },
        { host: '::1', port: 3 },
      ],
    },
  ],
  ['rediss-cluster://u:p@a', { kind: 'cluster', hosts: [{ host: 'a', port: 6379 }], username: 'u', password: 'p', isTls: true }],
  [
    'redis-sentinel://a,b:5/2#my%20master',
    {
      kind: 'sentinel',
      hosts: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 5 },
      ],
      database: 2,
      masterName: 'my master',
    },
  ],
])('%s', (url, expected) => {
  expect(parts(new RedisAddress(url))).toEqual({ ...plain, ...expected });
});

test('what is given beside the URL overrides it', () => {
  const address = new RedisAddress('rediss://app:old@localhost', { username: 'other', password: 'new', tls: { servername: 'redis' } });
  expect(parts(address)).toMatchObject({ username: 'other', password: 'new' });
  expect(address.tls).toEqual({ servername: 'redis' });
});

test('certificates alone switch no TLS on', () => {
  expect(new RedisAddress('redis://localhost', { tls: { ca: 'x' } }).tls).toBeUndefined();
});

test.each([
  '',
  'localhost:6379',
  'http://localhost',
  'redis://',
  'redis://a,b',
  'redis://a:99999',
  'redis://a:x',
  'redis://a/x',
  'redis://a#master',
  'redis-sentinel://a',
  'redis-cluster://a/1',
  'redis://user:p@ss@host',
  'redis+cluster://a',
])('%j is refused, and not repeated', (url) => {
  const refused = expect.objectContaining({ code: 'ERR_CACHE_OPTIONS', message: expect.not.stringContaining('p@ss') });
  expect(() => new RedisAddress(url)).toThrow(refused);
});

test('an error is cleaned of every password, in the URL\u2019s writing too, and of the command that failed', () => {
  const address = new RedisAddress('redis://app:se%3Acret@localhost', { sentinelPassword: 'guard' });
  const error = Object.assign(new Error('AUTH app se:cret (se%3Acret, guard) failed'), { command: { name: 'auth', args: ['app', 'se:cret'] } });
  const clean = address.clean(error);
  expect(clean.message).toBe('AUTH app *** (***, ***) failed');
  expect(clean).not.toHaveProperty('command');
});
