import { expect, test } from 'vitest';
import { passwordFault } from './password-rules.ts';

test.each([
  ['1234567', 'too short'],
  ['🐉🐉🐉🐉🐉🐉🐉', 'too short'],
  ['a'.repeat(257), 'too long'],
  ['password', 'too common'],
  ['PassWord', 'too common'],
  ['12345678', 'too common'],
  ['ｐａｓｓｗｏｒｄ', 'too common'],
  ['Mira Stormborn', 'says who you are'],
  ['mira stormborn', 'says who you are'],
])('"%s" is %s', async (password, fault) => {
  expect(await passwordFault(password, { words: ['Mira Stormborn'] })).toBe(fault);
});

test.each(['correct horse battery', 'aaaaaaaaaaaaaaaaaaaaaaaaa b', '        9', 'пароль-и-ещё-слово', '🐉🐉🐉🐉🐉🐉🐉🐉', 'x'.repeat(256)])(
  '"%s" is taken',
  async (password) => {
    expect(await passwordFault(password, { words: ['mira'] })).toBeUndefined();
  },
);
