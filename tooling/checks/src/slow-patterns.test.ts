import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { slowPatterns } from './slow-patterns.ts';

test('no pattern of the tree takes time by the square of what somebody else writes', () => {
  expect(slowPatterns(path.resolve(import.meta.dirname, '../../..'))).toEqual([]);
});

test('slow patterns, and those that are put together at run time, are found; an acceptance of what is gone, too', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'midgard-patterns-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(path.join(root, 'packages/a/src'), { recursive: true });
  const patterns = [String.raw`/^(a+)+$/`, String.raw`/^\s*x?\s*$/`, String.raw`/a*b/`, String.raw`/^[\w.:-]{1,128}$/`, String.raw`/^a+b+$/`];
  writeFileSync(path.join(root, 'packages/a/src/a.ts'), `export const all = [${patterns.join(', ')}, new RegExp(process.title), RegExp('a')];\n`);
  const file = 'packages/a/src/a.ts';
  expect(slowPatterns(root, [[file, '/gone/', 'it was there once']])).toEqual([
    ...patterns.slice(0, 3).map((pattern) => ({ file, pattern })),
    { file, pattern: 'new RegExp' },
    { file, pattern: 'new RegExp' },
    { file: `accepted in vain: ${file}`, pattern: '/gone/' },
  ]);
});
