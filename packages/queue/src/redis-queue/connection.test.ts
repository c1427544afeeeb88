import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { RedisAddress } from './connection.ts';

test('an error is clean of the password, be it written as in the URL or as Redis knows it', () => {
  const address = new RedisAddress('redis://app:a%3Ab@localhost:1');
  const error = Object.assign(new Error("ERR unknown command 'AUTH', with args beginning with: 'app' 'a:b' (a%3Ab)"), {
    command: { name: 'auth', args: ['app', 'a:b'] },
  });
  expect(address.clean(error).message).toBe("ERR unknown command 'AUTH', with args beginning with: 'app' '***' (***)");
  expect(inspect(address.clean(error), { showHidden: true })).not.toMatch(/a(:|%3A)b/);
});

test('an address without a password, or with one that is badly written, is none the worse for it', () => {
  expect(new RedisAddress('redis://localhost').clean(new Error('away')).message).toBe('away');
  expect(new RedisAddress('redis://:100%@localhost').clean(new Error('not 100%')).message).toBe('not ***');
  expect(new RedisAddress('rediss://localhost').clean('text').message).toBe('text');
});
