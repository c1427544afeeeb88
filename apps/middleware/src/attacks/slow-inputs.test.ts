// What somebody writes to make a pattern of ours go back and forth over it: CWE-1333, OWASP API4:2023, ASVS 5 §1.3.12. The patterns of the
// sources are looked at by tooling/checks; this measures what meets input, by how the time grows and never by the time.
import { printable } from '@midgard/logging';
import { realm } from '@midgard/game-realm';
import { withoutSecrets } from '@midgard/game-kit';
import { redactText } from '@midgard/logging/redact';
import { expect, test } from 'vitest';

/** Begin a match again and again, or let it be cut in many ways. */
const plain = ['a', '0', ' ', '\t', '-', '_', '.', ':', '/', 'aA0', 'a-', 'a.', '0 ', 'a ', '::', '🐉', '\u0000', '\u001B['];
const secrets = [
  'eyJ',
  'eyJ-',
  'eyJ.',
  'eyJa-eyJa.',
  'eyJhbGciOiJ-',
  'mdg_',
  'mdg_a_',
  'mdg_a_a_-',
  'bearer ',
  'bearer\t',
  'basic ',
  'Bearer eyJ-',
  'sk_',
  'AKIA',
];
const addresses = ['://', '://a', ':/', '://@', 'http://a:b', 'a@', '.a@'];
const values = ['2026-', '2026-01-31T', 'T12:00:00.', '+00:', '1e', '-0', String.raw`\u00`, '__proto__'];
const pieces = [...plain, ...secrets, ...addresses, ...values];
const ends = ['', '!', '\n', '\u2028', '=', '@'];
const small = 1024;
const factor = 32;
/** Time by the square of the length grows by 1024, linear time by 32; between them is room for a busy machine, which interrupts long work more often than short. */
const mostGrowth = 300;
/** Less is noise, and no harm. */
const leastMs = 20;
const tries = 5;

/** The pathological texts of one length. */
function texts(length: number, of: readonly string[]): readonly string[] {
  return of.flatMap((piece) => ends.map((end) => piece.repeat(Math.ceil(length / piece.length)).slice(0, length) + end));
}

/** @returns those of the texts with which the time grows faster than the text, even at the best of its tries */
function growing(work: (text: string) => unknown, of = pieces): readonly string[] {
  const [short, long] = [texts(small, of), texts(small * factor, of)];
  return long.flatMap((text, at) => (isGrowing(work, short[at] ?? '', text) ? [JSON.stringify(text.slice(0, 24))] : []));
}

/** The least time of many tries is that of the work itself, whatever else the machine does. */
function isGrowing(work: (text: string) => unknown, short: string, long: string): boolean {
  let [shortMs, longMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let attempt = 0; attempt < tries; attempt += 1) {
    shortMs = Math.min(shortMs, timeOf(work, short));
    longMs = Math.min(longMs, timeOf(work, long));
    if (longMs < leastMs || longMs < mostGrowth * shortMs) return false;
  }
  return true;
}

function timeOf(work: (text: string) => unknown, text: string): number {
  const begin = performance.now();
  work(text);
  return performance.now() - begin;
}

test('the measure itself tells a slow pattern', () => {
  expect(growing((text) => /(?:^|-)eyJ[\w-]+\.$/.test(text), ['eyJaaaaaaaaaaaa-'])).not.toEqual([]);
  expect(growing((text) => text.includes('x'))).toEqual([]);
});

test('the redaction of logs and of the audit log takes time linear in the text', () => {
  expect(growing(redactText)).toEqual([]);
  expect(growing((text) => withoutSecrets({ [text]: text, list: [text] }))).toEqual([]);
});

test('what makes one line of any text takes time linear in it', () => {
  expect(growing(printable)).toEqual([]);
});

/** Every operation of Realm with the text in every field. */
function parseAll(text: string): void {
  for (const { input } of realm.operations) input.safeParse(Object.fromEntries(Object.keys(input.shape).map((field) => [field, text])));
}

test('so do the inputs of all operations, in every field at once', { timeout: 120_000 }, () => {
  expect(growing(parseAll)).toEqual([]);
});
