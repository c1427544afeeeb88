import { expect, test } from 'vitest';
import { printable } from './printable.ts';

test('a text becomes one line without anything that moves, turns or hides', () => {
  expect(printable('a\r\nb\u001B[31m\u202Ec\u2066\u200B\uFEFF\u2028\u009Bä€🐉\uD800')).toBe(
    'a\\u000d\\u000ab\\u001b[31m\\u202ec\\u2066\\u200b\\ufeff\\u2028\\u009bä€🐉\\ud800',
  );
  const json = JSON.stringify({ text: 'a\u202Eb\n\u{E0001}' });
  expect(JSON.parse(printable(json))).toEqual(JSON.parse(json));
});
