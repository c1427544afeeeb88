import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { weaknessOf, weaknessOfPassword } from './weak-secret.ts';

test.each([
  ['a'.repeat(64), 'repeats itself'],
  ['abcdefgh'.repeat(8), 'repeats itself'],
  ['0000000000000000000000000000000000000001', 'repeats itself'],
  ['changeme-changeme-changeme-changeme', 'is a placeholder'],
  ['CHANGE_ME_please_1f8a7c6b5d4e3f2a1b0c', 'is a placeholder'],
  ['my-super-password-for-everything-2026', 'is a placeholder'],
  ['nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A', 'is printed in a standard'],
])('%s %s', (secret, weakness) => {
  expect(weaknessOf(secret)).toBe(weakness);
});

test.each([
  ['mysql://midgard:midgard@db:3306/realm', 'has the name of its user as the password'],
  ['mysql://game:ChangeMe!1@db/realm', 'has a placeholder as the password'],
  ['oracle://game:password@db/service', 'has a placeholder as the password'],
  ['redis-cluster://:letmein@a:7000,b:7000', 'has a placeholder as the password'],
  ['mysql://game:insert-9s8d7f6g5h4j@db/realm', undefined],
  ['mysql://game:q7!x@db/realm', undefined],
  ['mysql://root@db/realm', undefined],
  ['redis://10.0.0.7:6379/0', undefined],
  ['sqlite:password.db', undefined],
])('%s %s', (url, weakness) => {
  expect(weaknessOfPassword(url)).toBe(weakness);
});

test('what a generator of random bytes gives is fit, in every usual writing', () => {
  for (let i = 0; i < 2000; i += 1) {
    const bytes = randomBytes(32);
    for (const encoding of ['hex', 'base64', 'base64url'] as const) expect(weaknessOf(bytes.toString(encoding)), bytes.toString(encoding)).toBeUndefined();
    expect(weaknessOf(randomBytes(16).toString('hex'))).toBeUndefined();
  }
});
