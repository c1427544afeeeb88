import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { passwordThreads } from './background.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import { refusal } from '../test/support.ts';

describe('passwords', () => {
  test('the right one is accepted, others are not', async () => {
    const stored = await hashPassword('correct horse');
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await verifyPassword('correct horse', stored)).toBe(true);
    for (const wrong of ['correct hors', 'correct horse ', 'Correct horse', '']) expect(await verifyPassword(wrong, stored)).toBe(false);
  });

  test('two hashes of one password differ', async () => {
    expect(await hashPassword('a')).not.toBe(await hashPassword('a'));
  });

  test('it does not matter which keyboard composed the letters', async () => {
    expect(await verifyPassword('Zu\u0308rich\u2160', await hashPassword('Z\u00fcrichI'))).toBe(true);
  });

  test('a hash made by the reference implementation with other parameters is accepted', async () => {
    // argon2 command line: echo -n "password" | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32
    expect(await verifyPassword('password', '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc')).toBe(true);
  });

  test('without an account no password is right, not even the one of the stand-in', async () => {
    expect(await verifyPassword('correct horse', null)).toBe(false);
  });

  test('a password that is too long is refused before any work', async () => {
    expect(await refusal(hashPassword('x'.repeat(1025)))).toBe('ERR_AUTH_INVALID');
    expect(await refusal(hashPassword('\u00fc'.repeat(513)))).toBe('ERR_AUTH_INVALID');
    expect(await refusal(hashPassword(''))).toBe('ERR_AUTH_INVALID');
    expect(await verifyPassword('x'.repeat(10_000_000), null)).toBe(false);
  });

  test.each([
    '',
    'plain',
    '$2b$12$abcdefghijklmnopqrstuv',
    '$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    '$argon2id$v=19$m=9999999,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    '$argon2id$v=19$m=7,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    '$argon2id$v=19$m=19456,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  ])('a stored text "%s" is told as a fault of ours', async (stored) => {
    expect(await refusal(verifyPassword('password', stored))).toBe('ERR_AUTH_OPTIONS');
  });

  /** Costs next to nothing. */
  const cheap = '$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';

  test('more at once than could be in time are refused, and those after them are not', async () => {
    const all = await Promise.allSettled(Array.from({ length: 2000 }, () => verifyPassword('wrong', cheap)));
    const refused = all.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(1000);
    expect(refused.length).toBeLessThan(1900);
    expect(await refusal(Promise.reject(Reflect.get(refused[0]!, 'reason')))).toBe('ERR_AUTH_OVERLOADED');
    expect(await verifyPassword('wrong', cheap)).toBe(false);
  });

  test.skipIf(process.platform !== 'linux')('the threads that hash give way to every other thread (Linux)', async () => {
    const ours = getPriority();
    await verifyPassword('wrong', cheap);
    const niceness = readdirSync('/proc/self/task').map((thread) =>
      Number(readFileSync(`/proc/self/task/${thread}/stat`, 'latin1').split(') ')[1]?.split(' ')[16]),
    );
    expect(niceness.filter((nice) => nice === 19)).not.toEqual([]);
    expect(getPriority()).toBe(ours);
  });
});

test('who waits for a thread is told of, and nobody once all are hashed', async () => {
  const hashed = Array.from({ length: 12 }, () => hashPassword('correct horse battery staple'));
  expect(passwordThreads().waiting).toBeGreaterThan(0);
  await Promise.all(hashed);
  expect(passwordThreads().waiting).toBe(0);
  expect(passwordThreads().threads).toBeGreaterThan(0);
});
